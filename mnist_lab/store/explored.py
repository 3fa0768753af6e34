"""Where what was found out about a run's network is kept."""

from mnist_lab.store.folders import Folder

ROOT = ".explored"


def with_run(folder: Folder, run_id: str, file: str) -> str:
    """The path of a file with the run; the runs that come with the lab are read-only, so theirs are apart."""
    return f"{run_id}/explored/{file}" if folder.exists(run_id) else apart(run_id, file)


def apart(run_id: str, file: str) -> str:
    """The path of a file that is made again when it is lost, so that it need not go where the run goes."""
    return f"{ROOT}/{run_id}/{file}"
