"""The commands that train many networks on the workers: a grid, and a search."""

import argparse
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from mnist_lab.cli.output import percent, print_json, print_table, setting, store_of
from mnist_lab.comparing.families import labels
from mnist_lab.config import recipes
from mnist_lab.config.grids import expand, free_name, name_of
from mnist_lab.config.knobs import in_words, limits, values
from mnist_lab.config.search import Search, holding_back, plan
from mnist_lab.config.train_config import TrainConfig, parse
from mnist_lab.engine import cluster
from mnist_lab.engine.admission import check_memory
from mnist_lab.engine.engine import Engine
from mnist_lab.engine.searcher import Searcher
from mnist_lab.engine.tuning import samples
from mnist_lab.errors import ConfigError
from mnist_lab.store.run import Run, RunState
from mnist_lab.store.runs import RunStore
from mnist_lab.store.studies import Studies, Study, Trial

if TYPE_CHECKING:
    from rich.console import Console

POLL_SECONDS = 0.3
INTERRUPTED = 130  # the exit status of a command that Ctrl-C ended
LEAVE_AS_ASKED = ("trials", "at_once", "owner", "created", "since")  # may differ where a search goes on


def train_grid(options: argparse.Namespace) -> int:
    """Train every combination of several values, many at once; the runs share a group's name."""
    if not options.recipe:
        raise ConfigError("--grid needs --recipe, whose settings it varies.")
    varied = dict(_varied(options.grid, "--grid", "dropout=0,0.2", values))
    base = parse(dict(setting(text) for text in options.set), recipes.get(options.recipe).config)
    configs = expand(base, varied)
    check_memory(configs, cluster.memory())
    store = store_of(options)
    taken = Studies(store).taken_names()
    group = free_name(options.name, taken) if options.name else name_of(varied, taken)
    with _engine(store) as engine:
        runs = [
            engine.submit(config, in_words(config, varied), options.recipe, group=group, owner=_user())
            for config in configs
        ]
        try:
            runs = _wait_for(engine, runs)
        except KeyboardInterrupt:
            for run in runs:
                engine.stop(run.id)
            print(f"mnist_lab: Interrupted; {group!r} is stopped.", file=sys.stderr)
            return INTERRUPTED
    _print_grid(options, group, runs, list(varied))
    return 1 if any(run.state is RunState.FAILED for run in runs) else 0


def search(options: argparse.Namespace) -> int:
    """Search for good settings with optuna, many trials at once; the same name goes on with a search."""
    store = store_of(options)
    studies = Studies(store)
    name = options.name or f"search {options.recipe}"
    known = studies.find(name)
    asked = _asked(options, name, known)
    check_memory(samples(asked), cluster.memory())
    if known is None:
        studies.begin(asked)
    elif studies.over(name) is not None:
        studies.go_on(name, asked.trials)
    with _engine(store) as engine:
        searcher = Searcher(engine, studies, only=name)
        try:
            study = _wait_for_search(engine, studies, name)
        except KeyboardInterrupt:
            print(f"mnist_lab: Interrupted. The same --name goes on with {name!r}.", file=sys.stderr)
            return INTERRUPTED
        finally:
            searcher.close()
    _print_study(options, study)
    return 1 if study.over or study.best is None else 0


def add_grid_options(parser: argparse.ArgumentParser) -> None:
    """What `train` takes to train a grid."""
    parser.add_argument(
        "--grid",
        action="append",
        default=[],
        metavar="KEY=V1,V2",
        help="train with each of several values; more --grid options multiply. "
        "The layers of one value are joined by dashes: units=32,128-64,512",
    )
    parser.add_argument("--name", metavar="NAME", help="what the runs of the grid are called together")


def add_search_options(parser: argparse.ArgumentParser) -> None:
    fields = Search.model_fields
    parser.add_argument("--recipe", metavar="NAME", help="what the trials start from; see `recipes`")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="change it for all trials")
    parser.add_argument(
        "--range", action="append", default=[], metavar="KEY=LOW..HIGH", help="search all between two numbers"
    )
    parser.add_argument("--choice", action="append", default=[], metavar="KEY=V1,V2", help="choose among some values")
    parser.add_argument("--trials", metavar="N", help=f"how many in all (default: {fields['trials'].default})")
    parser.add_argument("--sampler", metavar="NAME", help="tpe (learns from the trials before; default) or random")
    parser.add_argument("--pruner", metavar="NAME", help="gives up poor trials: median (default), halving or none")
    parser.add_argument("--at-once", metavar="N", help="trials side by side (default: one a worker)")
    parser.add_argument("--seed", metavar="N", help="of the sampler (default: 0)")
    parser.add_argument("--name", metavar="NAME", help="the search; the same name goes on with it")


def _asked(options: argparse.Namespace, name: str, known: Search | None) -> Search:
    """The search that the options describe; what they leave out is as it was where the search goes on."""
    given = {key: getattr(options, key) for key in ("trials", "sampler", "pruner", "at_once", "seed")}
    asked: dict[str, Any] = {key: value for key, value in given.items() if value is not None}
    if options.range or options.choice or known is None:
        asked["ranges"] = dict(_varied(options.range, "--range", "learning_rate=0.0001..0.1", limits))
        asked["choices"] = {
            field: tuple(several)
            for field, several in _varied(options.choice, "--choice", "optimizer=adam,sgd", values)
        }
    if options.recipe or known is None:
        asked |= {"recipe": options.recipe, "base": _base(options)}
    elif options.set:
        raise ConfigError("--set needs --recipe, which it changes.")
    search = plan(**{"owner": _user(), **(known.model_dump() if known else {}), **asked, "name": name})
    if known and search.model_dump(exclude={*LEAVE_AS_ASKED}) != known.model_dump(exclude={*LEAVE_AS_ASKED}):
        raise ConfigError(
            f"The search {name!r} was begun with other settings. Choose another --name, or give no more than "
            "--name and --trials to go on with it."
        )
    return search


def _base(options: argparse.Namespace) -> TrainConfig:
    if not options.recipe:
        raise ConfigError("A new search needs --recipe, which its trials start from.")
    settings = dict(setting(text) for text in options.set)
    base = parse(settings, recipes.get(options.recipe).config)
    if "validation_share" not in settings and base != holding_back(base):
        base = holding_back(base)
        print(
            f"mnist_lab: {base.validation_share:.0%} of the training images are held back to choose by, "
            "since a search may not look at the test set.",
            file=sys.stderr,
        )
    return base


def _varied(
    texts: Iterable[str], option: str, example: str, read: Callable[[str, str], Any]
) -> Iterator[tuple[str, Any]]:
    for text in texts:
        field, several = setting(text, option, example)
        yield field, read(field, several)


@contextmanager
def _engine(store: RunStore) -> Iterator[Engine]:
    engine = Engine(store)
    try:
        yield engine
    finally:
        engine.close()


def _wait_for(engine: Engine, runs: list[Run]) -> list[Run]:
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True)) as bar:
        task = bar.add_task("training", total=len(runs))
        problems = _problems(engine, bar.console)
        while not all(run.state.is_over for run in runs):
            next(problems)
            runs = [engine.store.get(run.id) for run in runs]
            bar.update(task, completed=sum(run.state.is_over for run in runs))
    return runs


def _wait_for_search(engine: Engine, studies: Studies, name: str) -> Study:
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True)) as bar:
        study = studies.study(name)
        task = bar.add_task("searching", total=study.search.trials)
        problems = _problems(engine, bar.console)
        while study.over is None or study.under_way:
            next(problems)
            study = studies.study(name)
            best = f"best {study.best.value:.2%}" if study.best else "searching"
            bar.update(task, completed=study.asked - len(study.under_way), description=best)
    return study


def _problems(engine: Engine, console: "Console") -> Iterator[None]:
    """A pause between two looks at the runs, and a word on what keeps the engine from working, when that changes."""
    told = None
    while True:
        time.sleep(POLL_SECONDS)
        if (problem := engine.problem) and problem != told:
            console.print(f"mnist_lab: {problem}", markup=False, highlight=False, soft_wrap=True)
        told = problem
        yield


def _print_grid(options: argparse.Namespace, group: str, runs: list[Run], fields: list[str]) -> None:
    rows = [
        {"run": run.id, "name": run.name, "state": str(run.state), **_settings(run, fields), **_results(run)}
        for run in runs
    ]
    if options.json:
        print_json({"group": group, "runs": rows})
        return
    names = labels(runs)
    table = [(names[run.id], str(run.state), *_in_percent(run), run.status.reason or "") for run in runs]
    print_table(("run", "state", "test", "train", ""), table)
    print(f"They are called {group!r} together.")


def _print_study(options: argparse.Namespace, study: Study) -> None:
    best = study.best
    if options.json:
        trials = [_trial(trial, study) for trial in study.trials]
        chosen = _trial(best, study) | _results(best.run) if best else None
        print_json({"search": study.search.name, "over": study.over, "best": chosen, "trials": trials})
        return
    rows = [(str(trial.number), trial.run.name, _state(trial), percent(trial.value)) for trial in study.trials]
    print_table(("trial", "settings", "state", "validation"), rows)
    if best:
        print(
            f"Best: {best.run.name}, {percent(best.value)} in validation, {_in_percent(best.run)[0]} on the test set."
        )
    if study.over:
        print(f"mnist_lab: {study.over}", file=sys.stderr)


def _trial(trial: Trial, study: Study) -> dict[str, Any]:
    settings = _settings(trial.run, study.search.fields)
    return {
        "number": trial.number,
        "run": trial.run.id,
        "state": _state(trial),
        "validation_accuracy": trial.value,
        **settings,
    }


def _state(trial: Trial) -> str:
    return "pruned" if trial.is_pruned else str(trial.run.state)


def _settings(run: Run, fields: list[str]) -> dict[str, Any]:
    return {"settings": {field: getattr(run.config, field) for field in fields}}


def _results(run: Run) -> dict[str, Any]:
    results = (
        run.summary.model_dump(include={"test_accuracy", "train_accuracy", "seconds", "parameters"})
        if run.summary
        else {}
    )
    return results | ({"reason": run.status.reason} if run.status.reason else {})


def _in_percent(run: Run) -> tuple[str, str]:
    return (percent(run.summary.test_accuracy), percent(run.summary.train_accuracy)) if run.summary else ("", "")


def _user() -> str | None:
    return os.environ.get("USER") or os.environ.get("USERNAME")
