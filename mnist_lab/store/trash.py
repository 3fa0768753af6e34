"""Runs that were deleted, and can come back: <root>/.trash/<run id>."""

from mnist_lab.errors import StoreError
from mnist_lab.store.run import Run
from mnist_lab.store.runs import RunStore

PLACE = ".trash"


class Trash:
    """The runs of one store that were deleted. What was noted about them stays, and comes back with them."""

    def __init__(self, store: RunStore) -> None:
        self._store = store
        self._inside = RunStore(f"{store.folder.url}/{PLACE}", bundled=None)

    def put(self, run: Run) -> None:
        """Delete a run so that it can come back. Raises StoreError where it may not go, and says why."""
        if run.bundled:
            raise StoreError(f"{run.name} comes with the lab and cannot be deleted.")
        if not run.state.is_over:
            raise StoreError(f"{run.name} is not over yet. Delete it once it has stopped.")
        if child := self._training_from(run):
            raise StoreError(f"{child.name} still needs {run.name}, which it goes on from. Wait for its end.")
        self._store.put_away(run.id, PLACE)

    def bring_back(self, run_id: str) -> None:
        """Fetch a run out of the trash. Raises UnknownRun where it is not there any more."""
        self._inside.get(run_id)
        self._store.folder.move(f"{PLACE}/{run_id}", run_id)

    def runs(self) -> list[Run]:
        """What is in the trash, newest first."""
        notes = self._store.annotations.all()
        return [run.annotated(notes) for run in self._inside.listing().runs]

    def holds(self, run_id: str) -> bool:
        """Whether a run of that id could come back."""
        return self._inside.folder.exists(run_id)

    def delete(self, run_id: str) -> None:
        """Delete a run in the trash permanently, with its annotations."""
        self._inside.delete(run_id)
        self._store.annotations.delete(run_id)

    def _training_from(self, run: Run) -> Run | None:
        others = self._store.listing().runs
        return next((one for one in others if one.asked.parent == run.id and not one.state.is_over), None)
