"""A whole comparison as one HTML file that opens anywhere, offline: it can be handed in, mailed, printed, kept."""

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import plotly.graph_objects as go

from mnist_lab import __version__
from mnist_lab.comparing.calibration import coverage, reliability
from mnist_lab.comparing.cost import COSTS, explained, points
from mnist_lab.comparing.doubtful import SOURCE, doubts, without_doubtful
from mnist_lab.comparing.families import lettered
from mnist_lab.comparing.formatting import p_value, percent
from mnist_lab.comparing.mistakes import exchange, less
from mnist_lab.comparing.rankings import leader, rank
from mnist_lab.comparing.verdicts import Interval, interval, judge, sentence
from mnist_lab.config.knobs import said
from mnist_lab.config.relevance import applies
from mnist_lab.config.train_config import TrainConfig, differing
from mnist_lab.datasets.mnist import load_test_part, sha256
from mnist_lab.errors import DatasetError, RunError
from mnist_lab.inference.evaluation import Evaluation
from mnist_lab.plots.calibration import coverage_figure, reliability_figure
from mnist_lab.plots.cost import cost_figure
from mnist_lab.plots.curves import curves, curves_figure
from mnist_lab.plots.matrices import RANKING, confusion_figure, difference_figure, ranking_figure
from mnist_lab.plots.pictures import data_url
from mnist_lab.plots.style import FIRST_LESS_SECOND, colors, less_in_words
from mnist_lab.store.run import Run
from mnist_lab.store.runs import RunStore
from mnist_lab.store.validation import best, validations

TEMPLATE = Path(__file__).with_name("comparison.html.jinja")
MOST_DRAWN = 12  # runs with curves and matrices: more cannot be told apart
MOST_SHOWN = 24  # images of a gallery
COST, RANKED = "Accuracy and parameters", "Who beats whom"
WIDTHS = range(680, 1061, 20)  # pixels that a figure can have, on paper and on a screen; a narrower one scrolls


class Tested(NamedTuple):
    """Runs that answered the same test images: their verdict, with what it rests on, and their answers by id."""

    verdict: str
    basis: str
    evaluations: dict[str, Evaluation]


class Pictured(NamedTuple):
    """A test image as the address of a PNG file that holds it, its true digit, and what each run answers, by name."""

    picture: str
    label: int
    answers: dict[str, int]


class Report:
    """What the template shows of some runs. Raises RunError where none of them is finished."""

    def __init__(self, runs: Sequence[Run], store: RunStore, now: datetime | None = None) -> None:
        self.runs = [run for run in runs if run.summary]
        if not self.runs:
            raise RunError("None of these runs is finished, so there is nothing to report. Wait, or pick others.")
        self.store = store
        self.now = now or datetime.now().astimezone()
        self.names, self.colors = lettered(self.runs), colors(run.id for run in self.runs)
        self.lab_version = __version__

    @cached_property
    def evaluations(self) -> dict[str, Evaluation]:
        """The answers of the runs that have them whole, by id; the table says of which there are none."""
        found = {}
        for run in self.runs:
            with suppress(RunError):
                found[run.id] = self.store.evaluation(run.id)
        return found

    @cached_property
    def groups(self) -> list[Tested]:
        """The runs by the images that they were tested on, the largest group first."""
        alike: dict[str, dict[str, Evaluation]] = {}
        for run_id, evaluation in self.evaluations.items():
            alike.setdefault(evaluation.test_set, {})[run_id] = evaluation
        return [self._tested(evaluations) for evaluations in sorted(alike.values(), key=len, reverse=True)]

    def _tested(self, evaluations: dict[str, Evaluation]) -> Tested:
        if len(evaluations) == 1:
            ((run_id, evaluation),) = evaluations.items()
            return Tested(f"{self.names[run_id]}: {percent(evaluation.accuracy)} on its test set.", "", evaluations)
        if len(evaluations) == 2:
            (first, one), (second, two) = evaluations.items()
            found = judge(one, two)
            basis = f"Exact McNemar test on the same {found.images:,} test images: p = {p_value(found.p_value)}."
            return Tested(sentence(found, self.names[first], self.names[second]), basis, evaluations)
        ranking = rank(evaluations)
        basis = (
            f"Exact McNemar tests of all {ranking.pairs} pairs on the same {ranking.images:,} test images, with Holm's "
            "correction for so many tests."
        )
        return Tested(leader(ranking, self.names), basis, evaluations)

    def interval(self, run: Run) -> Interval | None:
        """Where the accuracy may lie on all such images, 95 % (Wilson), if the run has its answers."""
        return interval(self.evaluations[run.id]) if run.id in self.evaluations else None

    def without_doubtful(self, run: Run) -> float | None:
        """The accuracy without the test images whose labels people doubt, where there are such."""
        evaluation = self.evaluations.get(run.id)
        return without_doubtful(evaluation).accuracy if evaluation and doubts(evaluation) else None

    @cached_property
    def best_epochs(self) -> dict[str, int]:
        """The epoch with the lowest validation loss of each run that was validated, by id."""
        found = {run.id: best(validations(self.store.epochs(run.id))) for run in self.runs}
        return {run_id: epoch.number for run_id, epoch in found.items() if epoch}

    @property
    def has_doubtful(self) -> bool:
        """Whether some of the runs were tested on images whose labels people doubt."""
        return any(map(doubts, self.evaluations.values()))

    @property
    def doubts_source(self) -> str:
        """Where the doubtful labels are listed."""
        return SOURCE

    @cached_property
    def differing(self) -> list[str]:
        """The settings in which the runs differ, and those that were changed while one trained."""
        fields = {field for run in self.runs for one in run.adjustments for field in one.settings}
        fields.update(differing([run.config for run in self.runs]))
        return [field for field in TrainConfig.model_fields if field in fields]

    @property
    def equal(self) -> list[str]:
        """The settings that are the same in all runs."""
        return [field for field in TrainConfig.model_fields if field not in self.differing]

    def said(self, run: Run, field: str) -> str:
        """One setting of a run in a word, and what it was changed to while it trained."""
        if not applies(field, run.config):
            return "–"
        changed = (one for one in run.adjustments if field in one.settings)
        later = [f"{said(one.settings[field])} {one.when}" for one in changed]
        return ", then ".join([said(getattr(run.config, field)), *later])

    def trained(self, run: Run) -> str:
        """The day on which the training ended."""
        ended = run.status.ended
        return datetime.fromtimestamp(ended, self.now.tzinfo).strftime("%d %B %Y") if ended else ""

    @property
    def drawn(self) -> list[Run]:
        """The runs that have figures."""
        return self.runs[:MOST_DRAWN]

    @cached_property
    def figures(self) -> dict[str, list[go.Figure]]:
        names = self.names
        ticks = {names[run.id]: curves(names[run.id], self.store.metrics(run.id)) for run in self.drawn}
        cost = COSTS["Parameters"]
        return {
            RANKED: [self._ranking(group.evaluations, names) for group in self.groups if len(group[2]) > 2],
            "Curves": [curves_figure(ticks, height=380)] if any(ticks.values()) else [],
            COST: [cost_figure(points(self.runs, cost), names, cost, widths=WIDTHS)] if self.runs[2:] else [],
            "Mistakes": [*self._matrices(names), *self._differences()],
            "How sure they are": [figure for group in self.groups for figure in _confidence(group, names)],
        }

    wide = (COST,)
    """The headings of figures that are never narrower than `narrowest` pixels, and scroll in a narrow window."""
    narrowest = WIDTHS[0]

    @property
    def notes(self) -> dict[str, str]:
        """What is written below figures, by their headings."""
        from markupsafe import Markup

        found = {COST: explained(points(self.runs, COSTS["Parameters"]), with_records=False), RANKED: RANKING}
        if two := self._only_two():
            first, second = two
            names, its_color = (self.names[first], self.names[second]), (self.colors[first], self.colors[second])
            found["Mistakes"] = Markup(less_in_words("The difference", names, its_color))  # noqa: S704
        return found

    def _ranking(self, evaluations: Mapping[str, Evaluation], names: Mapping[str, str]) -> go.Figure:
        ranking = rank(dict(list(evaluations.items())[:MOST_DRAWN]))
        return ranking_figure(ranking, [names[run_id] for run_id in ranking.runs], self.colors)

    def _matrices(self, names: Mapping[str, str]) -> list[go.Figure]:
        """The confusion matrices, those of the same test images on one scale of colours."""
        figures = []
        for group in self.groups:
            matrices = {run_id: each.confusion_matrix for run_id, each in list(group.evaluations.items())[:MOST_DRAWN]}
            most = max(float((matrix - np.diag(matrix.diagonal())).max()) for matrix in matrices.values())
            figures += [confusion_figure(matrix, names[run_id], most or 1.0) for run_id, matrix in matrices.items()]
        return figures

    @cached_property
    def galleries(self) -> dict[str, list[Pictured]]:
        """What the better of two runs fixes and what it breaks, by heading; none where the images are not here."""
        two = self._only_two()
        try:
            test = load_test_part(self.runs[0].config.dataset) if two else None
        except DatasetError:
            test = None
        if two is None or test is None or sha256(test.labels) != self.groups[0].evaluations[two[0]].test_set:
            return {}
        answers = {self.names[run_id]: self.evaluations[run_id].answers for run_id in two}
        behind, ahead = sorted(two, key=lambda run_id: self.evaluations[run_id].accuracy)
        changed = exchange(self.evaluations[behind], self.evaluations[ahead])
        return {
            f"{self.names[ahead]} {what} {len(places):,} images": [
                Pictured(
                    data_url(test.images[place] / 255),
                    int(test.labels[place]),
                    {name: int(found[place]) for name, found in answers.items()},
                )
                for place in places[:MOST_SHOWN]
            ]
            for what, places in (("fixes", changed.fixed), ("breaks", changed.broken))
        }

    def _only_two(self) -> list[str] | None:
        """The ids of the only two runs, where they can be compared."""
        if len(self.runs) != 2 or len(self.groups) != 1 or len(self.groups[0].evaluations) != 2:
            return None
        return list(self.groups[0].evaluations)

    def _differences(self) -> list[go.Figure]:
        """The difference of the only two that can be compared."""
        two = self._only_two()
        if two is None:
            return []
        matrices = (self.evaluations[run_id].confusion_matrix for run_id in two)
        first, second = two
        return [difference_figure(less(*matrices), FIRST_LESS_SECOND, (self.colors[first], self.colors[second]))]


def _confidence(group: Tested, names: Mapping[str, str]) -> list[go.Figure]:
    """How right answers are against how sure they are, and against how many are given."""
    those = {names[run_id]: each for run_id, each in list(group.evaluations.items())[:MOST_DRAWN]}
    its_color = colors(names.values())
    return [
        reliability_figure({name: reliability(each) for name, each in those.items()}, its_color),
        coverage_figure({name: coverage(each) for name, each in those.items()}, its_color),
    ]


def report(runs: Sequence[Run], store: RunStore, now: datetime | None = None) -> str:
    """The comparison of some runs as one HTML page, about 5 MB with plotly.js; it asks for nothing from outside.

    Raises RunError where none of the runs is finished.
    """
    from jinja2 import Environment
    from plotly.offline import get_plotlyjs

    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.filters |= {"percent": percent, "json": _json, "words": lambda field: field.replace("_", " ")}
    template = environment.from_string(TEMPLATE.read_text("utf-8"))
    return template.render(report=Report(runs, store, now), plotly=get_plotlyjs())


def _json(figure: go.Figure) -> Any:
    """A figure for a script element, which nothing in it can end; the page brings the colours."""
    from markupsafe import Markup

    figure.layout.template = None
    return Markup(json.dumps(json.loads(figure.to_json())).replace("<", "\\u003c"))  # noqa: S704
