"""Whether the model files of a run that comes from elsewhere can be read.

What they would do is known by then (`networks.litert`, `networks.keras_files`). Libraries written in C read them, so
they are tried in a process of their own, which a file made to break it takes down alone.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

from mnist_lab.config.train_config import TrainConfig
from mnist_lab.datasets.arrays import MB
from mnist_lab.errors import DAMAGE, ArchiveError, MnistLabError, RunError
from mnist_lab.inference.predictor import Predictor
from mnist_lab.networks.keras_files import check_weights

MOST_WEIGHTS = 200 * MB  # bytes of a model, unpacked
SECONDS = 60.0  # for the process that tries the models


def try_models(tflite: bytes, weights: bytes | None, config: TrainConfig) -> None:
    """Try a `model.tflite`, and the weights of a `model.keras` where there are any. Raises ArchiveError."""
    with tempfile.TemporaryDirectory(prefix="mnist-lab-") as folder:
        files = {"config.json": config.model_dump_json().encode(), "model.tflite": tflite}
        files |= {"model.weights.h5": weights} if weights is not None else {}
        for name, content in files.items():
            (Path(folder) / name).write_bytes(content)
        try:
            tried = subprocess.run(  # noqa: S603
                [sys.executable, "-m", "mnist_lab.store.archive_checks", folder, *files],
                capture_output=True,
                text=True,
                timeout=SECONDS,
            )
        except subprocess.TimeoutExpired:
            raise ArchiveError("Its model takes too long to answer.") from None
    if tried.returncode:
        lines = tried.stdout.splitlines()
        raise ArchiveError(lines[-1] if lines else "Its model cannot be read.")


def main(folder: Path, config: str, tflite: str, *weights: str) -> int:
    """Try the model files of these names in a folder; 1, with what is wrong, where one will not do."""
    try:
        Predictor.tried((folder / tflite).read_bytes())
        for name in weights:
            check_weights((folder / name).read_bytes(), TrainConfig.model_validate_json((folder / config).read_bytes()))
    except RunError as error:
        print(error)
        return 1
    except (MnistLabError, *DAMAGE) as error:
        print(f"Its model cannot be read ({error}).")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), *sys.argv[2:]))
