"""Runs as a zip file that another lab can take in: a folder for each run, with the files that are worth keeping.

What is taken in is not trusted: only known files, of bounded sizes, each read by the lab's own models and, where that
can be, rewritten from what was understood. All runs of a file come in, or none.
"""

import io
import time
import uuid
import zipfile
from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from mnist_lab.config.train_config import TrainConfig
from mnist_lab.datasets.arrays import MB, read_entry
from mnist_lab.errors import DAMAGE, ArchiveError, MnistLabError, RunError
from mnist_lab.inference.evaluation import Evaluation
from mnist_lab.networks import keras_files, litert
from mnist_lab.store.allowances import Allowance, check_import
from mnist_lab.store.annotations import NOTHING, Annotation
from mnist_lab.store.archive_checks import MOST_WEIGHTS, try_models
from mnist_lab.store.run import CONFIG, EVALUATION, KERAS_MODEL, METRICS, MODEL, STATUS, Asked, Run, RunState, Status
from mnist_lab.store.runs import LARGEST, RUN_ID, RunStore
from mnist_lab.store.studies import Studies
from mnist_lab.store.ticks import lines_of, ticks_in
from mnist_lab.store.trash import Trash

NOTES = "annotation.json"
NEEDED = (CONFIG, STATUS, EVALUATION, MODEL)
FILES = LARGEST | {MODEL: MOST_WEIGHTS, KERAS_MODEL: MOST_WEIGHTS, NOTES: MB // 10, METRICS: 50 * MB}
MOST_BYTES = 400 * MB  # of all files of an archive together
MOST_RUNS = 50
MOST_ZIPPED = 200 * MB  # of an archive itself, which the browser's server has in memory
IGNORED = ("__MACOSX", ".DS_Store")  # which macOS puts into every archive
LONGEST_NAME = 200

Model = TypeVar("Model", bound=BaseModel)


def pack(store: RunStore, runs: Iterable[Run]) -> bytes:
    """Runs that are over as a zip file that `take_in` takes, with what is noted about them.

    Raises RunError for a run without a model, and for more than one file may hold.
    """
    content, several = io.BytesIO(), [*runs]
    if len(several) > MOST_RUNS:
        raise RunError(f"A zip file holds {MOST_RUNS} runs at most, not {len(several)}. Take fewer at once.")
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for run in several:
            if run.summary is None:
                raise RunError(f"{run.name} has no model yet, so there is nothing to take away.")
            store.evaluation(run.id)  # a damaged one would be refused wherever it comes to
            for name in FILES:
                if name in NEEDED or (name != NOTES and store.has(run.id, name)):
                    archive.writestr(f"{run.id}/{name}", store.read(run.id, name))
            if run.annotation != NOTHING:
                archive.writestr(f"{run.id}/{NOTES}", run.annotation.model_dump_json())
            if content.tell() > MOST_ZIPPED or sum(entry.file_size for entry in archive.infolist()) > MOST_BYTES:
                raise RunError(
                    f"These runs take more than the {MOST_ZIPPED / MB:g} MB of a zip file. Take fewer at once."
                )
    return content.getvalue()


def take_in(store: RunStore, content: bytes, owner: str | None = None, limits: Allowance | None = None) -> list[Run]:
    """The runs of a zip file, now in the store; one whose id is taken gets another.

    They belong to `owner`, who may have as many as `limits` say. Raises LimitReached, ArchiveError where anything is
    not as it should be, and StoreError where the folder cannot be written; then none is taken in.
    """
    folders = _folders(content)
    if limits and owner:
        check_import(limits, owner, len(folders), store.listing().runs)
    checked = {name: _checked(name, files, store, owner) for name, files in folders.items()}
    done: list[str] = []
    try:
        for name, files in checked.items():
            notes = files.pop(NOTES, None)
            done.append(_free_id(store, name))
            store.folder.publish(files, done[-1])
            if notes:
                store.annotate(done[-1], **Annotation.model_validate_json(notes).model_dump())
    except MnistLabError:
        for run_id in done:
            store.folder.delete(run_id)
            store.annotations.delete(run_id)
        raise
    return [store.get(run_id) for run_id in done]


def _folders(content: bytes) -> dict[str, dict[str, bytes]]:
    """The files of an archive by the name of their folder and their own."""
    folders: dict[str, dict[str, bytes]] = {}
    left = MOST_BYTES
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for entry in archive.infolist():
                if entry.is_dir() or any(part in IGNORED for part in PurePosixPath(entry.filename).parts):
                    continue
                folder, name = _place(entry.filename)
                files = folders.setdefault(folder, {})
                if name in files or len(folders) > MOST_RUNS:
                    raise ArchiveError(f"It holds {name} twice, or more than {MOST_RUNS} runs.")
                files[name] = read_entry(archive, entry, min(FILES[name], left))
                left -= len(files[name])
    except DAMAGE as error:
        raise ArchiveError(f"This is no zip file of runs ({error}).") from error
    if not folders:
        raise ArchiveError("There is no run in this file.")
    return folders


def _place(path: str) -> tuple[str, str]:
    """The folder and the name of a file in an archive."""
    folder, _, name = path.partition("/")
    if not RUN_ID.fullmatch(folder) or name not in FILES:
        raise ArchiveError(
            f"It holds {path[:80]!r}, which is no part of a run; a run is a folder with {', '.join(FILES)}."
        )
    return folder, name


def _checked(name: str, files: dict[str, bytes], store: RunStore, owner: str | None) -> dict[str, bytes]:
    """The files of one run, as they may be kept. Raises ArchiveError, with the run's name."""
    try:
        if missing := [file for file in NEEDED if file not in files]:
            raise ArchiveError(f"It lacks {', '.join(missing)}.")
        answers = _evaluation(files[EVALUATION])
        asked = _asked(files.pop(CONFIG), store, owner)
        _check_models(files, asked.config)
        status = _status(files[STATUS], answers.accuracy, len(files[MODEL]))
        return files | {
            STATUS: status.model_dump_json().encode(),
            METRICS: lines_of(ticks_in(files.get(METRICS, b"").splitlines())),
            EVALUATION: answers.to_bytes(),
            **({NOTES: _parse(Annotation, files[NOTES], NOTES).model_dump_json().encode()} if NOTES in files else {}),
            CONFIG: asked.model_dump_json().encode(),  # the last one, with which it is a run
        }
    except (ArchiveError, RunError) as error:
        raise ArchiveError(f"The run {name} cannot be taken in. {error}") from error


def _check_models(files: dict[str, bytes], config: TrainConfig) -> None:
    """Raises ArchiveError or RunError where a model is not what the configuration builds."""
    litert.check(files[MODEL], config)
    weights = None
    if KERAS_MODEL in files:
        keras_files.check_layers(files[KERAS_MODEL], config)
        weights = keras_files.weights_in(files[KERAS_MODEL], config)
    try_models(files[MODEL], weights, config)


def _evaluation(content: bytes) -> Evaluation:
    try:
        return Evaluation.from_bytes(content)
    except RunError as error:
        raise ArchiveError(f"Its {error}") from error


def _asked(content: bytes, store: RunStore, owner: str | None) -> Asked:
    """What was asked; a search or lesson of this lab gets no runs of another's, and a parent is one that is here."""
    asked = _parse(Asked, content, CONFIG)
    group, parent = asked.group, asked.parent
    foreign = group and (group in Studies(store).names() or group.startswith("lesson: "))
    return asked.model_copy(
        update={
            "name": " ".join(asked.name.split())[:LONGEST_NAME] or "run",
            "group": None if foreign else group and group[:LONGEST_NAME],
            "parent": parent if parent and RUN_ID.fullmatch(parent) and store.folder.exists(parent) else None,
            "beside": asked.beside and asked.beside.model_copy(update={"room": ""}),  # its class is not of this lab
            "created": _past(asked.created),
            "owner": owner,
        }
    )


def _status(content: bytes, accuracy: float, model_bytes: int) -> Status:
    """How the run ended, with nothing of who worked on it; what can be counted here is."""
    status = _parse(Status, content, STATUS)
    if status.state not in (RunState.FINISHED, RunState.STOPPED) or status.summary is None:
        raise ArchiveError("It did not come to its end.")
    return Status(
        state=status.state,
        started=status.started and _past(status.started),
        ended=status.ended and _past(status.ended),
        reason=status.reason,
        dataset_digest=status.dataset_digest and status.dataset_digest[:64],
        versions={package[:40]: version[:40] for package, version in list(status.versions.items())[:20]},
        summary=status.summary.model_copy(update={"test_accuracy": accuracy, "model_bytes": model_bytes}),
    )


def _past(moment: float) -> float:
    """A time in seconds since 1970 that is not in the future."""
    return moment if 0 <= moment <= time.time() else time.time()


def _parse(model: type[Model], content: bytes, name: str) -> Model:
    try:
        return model.model_validate_json(content)
    except ValidationError as error:
        what = error.errors(include_input=False)[0]
        where = ".".join(map(str, what["loc"]))[:80]
        raise ArchiveError(f"Its {name} is not of this lab ({where}: {what['msg']}).") from error


def _free_id(store: RunStore, name: str) -> str:
    """The name, or another where it is taken, also by a run in the trash."""
    taken = {run.id for run in store.listing().runs}
    if name not in taken and not store.folder.exists(name) and not Trash(store).holds(name):
        return name
    return f"{name[:90]}-{uuid.uuid4().hex[:8]}"
