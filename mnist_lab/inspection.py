"""Whether the files of a run that comes from elsewhere are what they should be.

Nothing here trusts its input: sizes are counted while reading, arrays are read without pickles, and the two model
files, which libraries written in C read, are tried in a process of their own.
"""

import io
import json
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from mnist_lab.arrays import MB, read_entry
from mnist_lab.errors import DAMAGE, ArchiveError, MnistLabError

MOST_WEIGHTS = 200 * MB  # bytes, unpacked
MOST_LINKS = 10_000  # in a file of weights, which could also lead in circles
SECONDS = 60.0  # for the process that tries the models
KERAS = {"metadata.json": 10_000, "config.json": 2 * MB, "model.weights.h5": MOST_WEIGHTS}
KERAS_CLASSES: dict[str | None, set[str]] = {
    None: {"__keras_tensor__"},
    "keras": {"DTypePolicy"},
    "keras.src.models.functional": {"Functional"},
    "keras.src.ops.numpy": {"Maximum", "Sqrt", "Square", "Sum", "TrueDivide"},
    "keras.layers": {
        *("Activation", "AveragePooling2D", "BatchNormalization", "Conv2D", "Cropping2D", "Dense", "Dropout"),
        *("Flatten", "Identity", "InputLayer", "MaxPooling2D", "Rescaling", "Reshape", "UpSampling2D"),
    },
    "keras.initializers": {
        *("GlorotUniform", "HeNormal", "Ones", "RandomNormal", "Zeros"),
    },
    "keras.regularizers": {"L2"},
    "keras.losses": {"CategoricalCrossentropy", "MeanSquaredError", "SparseCategoricalCrossentropy"},
    "keras.optimizers": {"SGD", "Adam", "AdamW", "RMSprop"},
    "keras.optimizers.schedules": {"CosineDecay", "PiecewiseConstantDecay", "PolynomialDecay"},
    "mnist_lab.networks.keras_models": {"QuadraticCost"},
}
"""What the lab's own models are made of. All else is refused: some of Keras's classes run whatever a file holds."""


def unpacked(archive: zipfile.ZipFile, limits: Mapping[str, int]) -> dict[str, bytes]:
    """The files of an archive that may hold just those named, each of so many bytes at most. Raises ArchiveError."""
    files: dict[str, bytes] = {}
    for entry in archive.infolist():
        if entry.filename not in limits:
            raise ArchiveError(f"It holds {entry.filename[:80]!r}, which has no place there.")
        if entry.filename in files:
            raise ArchiveError(f"It holds {entry.filename} twice.")
        files[entry.filename] = read_entry(archive, entry, limits[entry.filename])
    return files


def check_keras(content: bytes) -> None:
    """Refuse a `model.keras` that could do anything but compute. Raises ArchiveError.

    What is let through is loaded by Keras, on the training side, in its safe mode as well.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            config = json.loads(unpacked(archive, KERAS)["config.json"])
    except DAMAGE as error:
        raise ArchiveError(f"Its model.keras is damaged ({error}).") from error
    for module, name in _classes(config):
        if not isinstance(name, str) or name not in KERAS_CLASSES.get(module, ()):
            raise ArchiveError(
                f"Its model.keras holds {module}.{name}, which this lab does not train and will not run."
            )


def _classes(config: Any) -> Iterator[tuple[Any, Any]]:
    """The module and the name of every object that a model's configuration would make."""
    waiting = [config]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            if "class_name" in value or "registered_name" in value:
                yield str(value["module"]) if value.get("module") else None, value.get("class_name")
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value


def try_models(tflite: bytes, keras: bytes | None) -> None:
    """Have a process of its own read both, which a file made to break it takes down alone. Raises ArchiveError."""
    with tempfile.TemporaryDirectory(prefix="mnist-lab-") as folder:
        paths = [Path(folder) / "model.tflite"]
        paths[0].write_bytes(tflite)
        if keras:
            with zipfile.ZipFile(io.BytesIO(keras)) as archive:
                paths.append(Path(folder) / "model.weights.h5")
                paths[1].write_bytes(unpacked(archive, KERAS)["model.weights.h5"])
        try:
            tried = subprocess.run(  # noqa: S603
                [sys.executable, "-m", "mnist_lab.inspection", *map(str, paths)],
                capture_output=True,
                text=True,
                timeout=SECONDS,
            )
        except subprocess.TimeoutExpired:
            raise ArchiveError("Its model takes too long to answer.") from None
    if tried.returncode:
        lines = tried.stdout.splitlines()
        raise ArchiveError(lines[-1] if lines else "Its model cannot be read.")


def _try_predicting(path: Path) -> None:
    from mnist_lab.prediction import Predictor

    Predictor.tried(path.read_bytes())


def _look_through(path: Path) -> None:
    """Refuse weights that lie outside the file, or that are far larger than it says."""
    import h5py

    with h5py.File(path, "r") as file:
        groups, count, size = [file], 0, 0
        while groups:
            group = groups.pop()
            for name in group:
                count += 1
                if not isinstance(group.get(name, getlink=True), h5py.HardLink):
                    raise ArchiveError("Its model.keras holds weights that lie elsewhere.")
                thing = group[name]
                if isinstance(thing, h5py.Group):
                    groups.append(thing)
                elif thing.external or thing.is_virtual:
                    raise ArchiveError("Its model.keras holds weights that lie elsewhere.")
                else:
                    size += thing.nbytes
                if size > MOST_WEIGHTS or count > MOST_LINKS:
                    raise ArchiveError("Its model.keras holds more weights than a network of this lab has.")


def main(arguments: list[str]) -> int:
    """Try the model files of these paths; 1, with what is wrong, where one will not do."""
    try:
        _try_predicting(Path(arguments[0]))
        for path in arguments[1:]:
            _look_through(Path(path))
    except ArchiveError as error:
        print(error)
        return 1
    except (MnistLabError, *DAMAGE) as error:
        print(f"Its model cannot be read ({error}).")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
