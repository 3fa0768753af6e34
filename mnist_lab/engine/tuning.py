"""What optuna makes of a search's trials. The study lives in memory: the runs are what lasts, and rebuild it."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from mnist_lab.config.search import Pruner, Sampler, Search, combinations, distributions, to_config, to_params
from mnist_lab.config.train_config import TrainConfig
from mnist_lab.errors import ConfigError
from mnist_lab.store.run import Run, RunState
from mnist_lab.store.studies import reached
from mnist_lab.store.validation import Epoch

if TYPE_CHECKING:
    from optuna import Trial
    from optuna.pruners import BasePruner
    from optuna.samplers import BaseSampler

SAMPLES = 8  # that tell how long the trials of a search may take
TRIES = 10  # before the combinations that are left are counted
FIRST = 10  # trials at random before TPE has learnt enough, or a third where there are few in all
TO_COMPARE = 3  # whole trials before the first is pruned


def _tpe(search: Search, seed: int) -> "BaseSampler":
    from optuna.samplers import TPESampler

    return TPESampler(seed=seed, n_startup_trials=min(FIRST, search.trials // 3))


def _random(search: Search, seed: int) -> "BaseSampler":
    from optuna.samplers import RandomSampler

    return RandomSampler(seed=seed)


def _median() -> "BasePruner":
    from optuna.pruners import MedianPruner

    return MedianPruner(n_startup_trials=TO_COMPARE)


def _halving() -> "BasePruner":
    from optuna.pruners import SuccessiveHalvingPruner

    return SuccessiveHalvingPruner(min_resource=1, reduction_factor=3)


def _none() -> "BasePruner":
    from optuna.pruners import NopPruner

    return NopPruner()


SAMPLERS: dict[Sampler, Callable[[Search, int], "BaseSampler"]] = {"tpe": _tpe, "random": _random}
PRUNERS: dict[Pruner, Callable[[], "BasePruner"]] = {"median": _median, "halving": _halving, "none": _none}


class Tuner:
    """Follows the trials of a search, says which to give up, and what to try next.

    It catches up with trials of old by the same calls as it follows new ones, so it can begin in the middle.
    """

    def __init__(self, search: Search) -> None:
        import optuna

        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self.search = search
        self._study = optuna.create_study(direction="maximize", pruner=PRUNERS[search.pruner]())
        self._distributions = distributions(search)
        self._trials: dict[str, Trial] = {}
        self._reported: dict[str, int] = {}
        self._poor: set[str] = set()
        self._told: set[str] = set()
        self._asked: set[TrainConfig] = set()
        self._all = _possible(search)
        self._last: Trial

    def knows_all_of(self, run: Run) -> bool:
        """Whether there is nothing more to learn from a run."""
        return run.id in self._told

    def follow(self, run: Run, curve: Sequence[Epoch]) -> bool:
        """Take in a run's whole epochs; whether it is one to give up."""
        trial = self._trial_of(run)
        if trial is None:
            return False
        for epoch in curve[self._reported.get(run.id, 0) :]:
            trial.report(epoch.accuracy, epoch.number)
            if trial.should_prune():  # asked at each epoch, as a quicker driver would have done
                self._poor.add(run.id)
        self._reported[run.id] = len(curve)
        if run.state.is_over:
            self._tell(run, trial, reached(curve, run.config))
        return run.id in self._poor and run.state is RunState.RUNNING and len(curve) < run.config.rounds

    def propose(self) -> TrainConfig | None:
        """A configuration that was not tried before, or None where there is none left."""
        number = len(self._study.get_trials(deepcopy=False))
        self._study.sampler = SAMPLERS[self.search.sampler](self.search, self.search.seed + number)
        left = self._left()
        if left == []:
            return None
        for _ in range(TRIES):
            config = self._ask()
            if config:
                return config
        if not left:
            return None
        self._study.enqueue_trial(left[number % len(left)])
        return self._ask()

    def took(self, run: Run) -> None:
        """Remember which run tries what was proposed last."""
        self._trials[run.id] = self._last

    def _left(self) -> list[dict[str, Any]] | None:
        """What was not tried yet, or None where that cannot be counted."""
        if self._all is None:
            return None
        return [params for params, config in self._all if config not in self._asked]

    def _ask(self) -> TrainConfig | None:
        """A new configuration; None where it is impossible or was tried, which the study then forgets."""
        from optuna.trial import TrialState

        trial = self._study.ask(self._distributions)
        try:
            config = to_config(self.search, trial.params)
        except ConfigError:
            config = None
        if config is None or config in self._asked:
            self._study.tell(trial, state=TrialState.FAIL)
            return None
        self._asked.add(config)
        self._last = trial
        return config

    def _trial_of(self, run: Run) -> "Trial | None":
        if run.id not in self._trials:
            params = to_params(self.search, run.config)
            if params is None:
                return None
            self._study.enqueue_trial(params)
            self._trials[run.id] = self._study.ask(self._distributions)
            self._asked.add(run.config)
        return self._trials[run.id]

    def _tell(self, run: Run, trial: "Trial", value: float | None) -> None:
        """A finished run counts with what it reached. A stopped one was poor; so was one that failed: it diverged."""
        from optuna.trial import TrialState

        self._told.add(run.id)
        if run.state is RunState.STOPPED and run.summary is None:
            self._asked.discard(run.config)  # it never began
            self._study.tell(trial, state=TrialState.FAIL)
        elif run.state is RunState.FINISHED and value is not None:
            self._study.tell(trial, value)
        else:
            self._study.tell(trial, state=TrialState.PRUNED)


def samples(search: Search) -> list[TrainConfig]:
    """A few configurations that a search could try, taken at random; its base where there are none."""
    tuner = Tuner(search.model_copy(update={"sampler": "random"}))
    return [config for _ in range(SAMPLES) if (config := tuner.propose())] or [search.base]


def _possible(search: Search) -> list[tuple[dict[str, Any], TrainConfig]] | None:
    """All that can be tried, or None where that is more than can be counted."""
    every = combinations(search)
    if every is None:
        return None
    found = []
    for params in every:
        with suppress(ConfigError):
            found.append((params, to_config(search, params)))
    return found
