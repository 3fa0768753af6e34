"""Drives searches: asks for trials, gives up poor ones, and takes up searches whose driver is gone."""

import logging
import threading
from contextlib import suppress

from mnist_lab.config.knobs import in_words
from mnist_lab.config.search import Search
from mnist_lab.engine.engine import Engine
from mnist_lab.engine.tuning import Tuner
from mnist_lab.errors import MnistLabError
from mnist_lab.store.run import RunState
from mnist_lab.store.studies import PRUNED, Studies, Study

log = logging.getLogger(__name__)

POLL_SECONDS = 0.5
IDLE_SECONDS = 3.0
FAILURES = 5  # in a row, after which something else than the settings must be wrong


class Searcher:
    """Drives the searches of a store on a thread of its own, with the trials on an engine.

    Each search has one driver, which is named by its engine; when that engine dies, the next searcher goes on, from
    what the runs tell. `only` keeps it to one search.
    """

    def __init__(self, engine: Engine, studies: Studies, only: str | None = None) -> None:
        self._engine = engine
        self._studies = studies
        self._only = only
        self._tuners: dict[str, Tuner] = {}
        self._closed = False
        self._woken = threading.Event()
        self._thread = threading.Thread(target=self._work, name="searcher", daemon=True)
        self._thread.start()

    def begin(self, search: Search) -> None:
        """Begin a new search. Raises ConfigError where its name is taken, StoreError where it cannot be written."""
        self._studies.begin(search)
        self._woken.set()

    def go_on(self, name: str, trials: int) -> None:
        """Go on with a search until it has so many trials in all. Raises ConfigError, StoreError."""
        self._studies.go_on(name, trials)
        self._woken.set()

    def stop(self, name: str) -> None:
        """Stop a search and its trials, no matter which process drives it; what they have learnt is kept."""
        self._studies.end(name, "Stopped.")
        self._stop(self._studies.study(name))
        self._woken.set()

    def close(self) -> None:
        """Stop driving; what is under way is left to the next searcher."""
        self._closed = True
        self._woken.set()
        self._thread.join()

    def _work(self) -> None:
        while not self._closed:
            names = [self._only] if self._only else self._open()
            for name in names:
                self._try_to_drive(name)
            self._woken.wait(POLL_SECONDS if names else IDLE_SECONDS)
            self._woken.clear()

    def _open(self) -> list[str]:
        """The searches that are not over, and those of this searcher whose last trials are being stopped."""
        try:
            return sorted({*self._studies.open_names(), *self._tuners})
        except OSError as error:
            log.warning("The searches cannot be read: %s", error)
            return []

    def _try_to_drive(self, name: str) -> None:
        try:
            self._drive(name)
        except (MnistLabError, OSError) as error:
            log.warning("The search %s cannot go on at the moment: %s", name, error)
            self._tuners.pop(name, None)  # the runs tell what was begun
        except Exception as error:
            log.exception("The search %s cannot go on", name)
            self._tuners.pop(name, None)
            with suppress(MnistLabError, OSError):
                self._studies.end(name, f"It could not go on: {error}")

    def _drive(self, name: str) -> None:
        lease = self._studies.lease(name)
        if not lease.take(self._engine.id, self._engine.is_alive):
            self._tuners.pop(name, None)
            return
        study = self._studies.study(name)
        self._follow(study)
        if study.over is None:
            self._ask_or_end(study)
        elif study.under_way:
            self._stop(study)
        else:
            self._tuners.pop(name)
            lease.release(self._engine.id)

    def _follow(self, study: Study) -> None:
        tuner = self._tuner(study)
        for trial in study.trials:
            if not tuner.knows_all_of(trial.run) and tuner.follow(trial.run, self._studies.curve(trial.run)):
                self._engine.stop(trial.run.id, PRUNED)

    def _ask_or_end(self, study: Study) -> None:
        at_once = study.search.at_once or self._engine.workers()
        if problem := _what_fails(study):
            self._studies.end(study.search.name, problem)
            return
        room = min(at_once - len(study.under_way), study.search.trials - study.asked)
        begun = 0
        while begun < room and self._ask(study.search):
            begun += 1
        if not begun and not study.under_way:
            self._studies.end(study.search.name, "Every combination was tried." if room > 0 else "")

    def _ask(self, search: Search) -> bool:
        """Queue one more trial; False where all combinations were tried."""
        tuner = self._tuners[search.name]
        config = tuner.propose()
        if config is None:
            return False
        name = in_words(config, search.fields)
        tuner.took(self._engine.submit(config, name, search.recipe, group=search.name, owner=search.owner))
        return True

    def _stop(self, study: Study) -> None:
        for trial in study.under_way:
            if not self._studies.store.stop_requested(trial.run.id):
                self._engine.stop(trial.run.id)

    def _tuner(self, study: Study) -> Tuner:
        known = self._tuners.get(study.search.name)
        if known is None or known.search != study.search:
            known = self._tuners[study.search.name] = Tuner(study.search)
        return known


def _what_fails(study: Study) -> str | None:
    """Why the last FAILURES trials failed, if all of them did since the search was last begun."""
    over = [trial.run for trial in study.trials if (trial.run.status.ended or 0.0) > study.search.since]
    last = over[-FAILURES:]
    if len(last) == FAILURES and all(run.state is RunState.FAILED for run in last):
        return f"{FAILURES} trials in a row failed. The last one: {last[-1].status.reason}"
    return None
