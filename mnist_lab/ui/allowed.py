"""Whether a visitor may begin something: within what the server takes from each, and what its workers can hold."""

from collections.abc import Sequence
from itertools import cycle, islice

from mnist_lab.config.search import Search
from mnist_lab.config.train_config import TrainConfig
from mnist_lab.engine import cluster
from mnist_lab.engine.admission import check_memory, check_trainings
from mnist_lab.engine.tuning import samples
from mnist_lab.store.allowances import Allowance, allowance
from mnist_lab.ui import resources
from mnist_lab.ui.visitor import is_at_home, visitor


def limits() -> Allowance | None:
    """The visitor's limits; none for a visitor on the server's own machine. Raises ConfigError."""
    return None if is_at_home() else allowance()


def may_train(configs: Sequence[TrainConfig]) -> None:
    """Raises LimitReached or ConfigError, with what to do, where the visitor cannot have these trainings."""
    _check(configs, visitor(), limits())


def may_train_for(owner: str, configs: Sequence[TrainConfig]) -> None:
    """The same for an owner who is asked for elsewhere than on a page: wherever they are, they have limits."""
    _check(configs, owner, allowance())


def _check(configs: Sequence[TrainConfig], owner: str, its: Allowance | None) -> None:
    check_memory(configs, cluster.memory())
    if its:
        runs = [*resources.listing(fresh=True).runs, *resources.trash().runs()]
        check_trainings(its, owner, configs, runs, _trials_to_come(owner))


def may_search(search: Search, trials: int) -> None:
    """The same for so many more trials of a search, estimated from a random few."""
    may_train(list(islice(cycle(samples(search)), trials)))


def _trials_to_come(owner: str) -> int:
    """How many trials an owner's searches will still ask for."""
    studies = resources.studies()
    own = (studies.study(name) for name in studies.open_names())
    return sum(max(0, study.search.trials - study.asked) for study in own if study.search.owner == owner)
