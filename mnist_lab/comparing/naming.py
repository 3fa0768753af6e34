"""What runs are called beside each other."""

from mnist_lab.runs import Run


def labels(runs: list[Run]) -> dict[str, str]:
    """A name for each run that tells it from the others: with the end of its id where two share a name."""
    names = [run.name for run in runs]
    return {run.id: run.name if names.count(run.name) == 1 else f"{run.name} ({run.id[-4:]})" for run in runs}
