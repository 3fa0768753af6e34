"""How the answer to a lesson's question is found in what was measured.

A rule is written as words: what to look for, a measure and, where it is about one run only, which one:
"largest gap", "value of test accuracy of half spoiled", "digit with smallest recall".
"""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import NamedTuple

from mnist_lab.lessons.measures import MEASURES, Measure, Result, digit_measure, digit_values, percent

ARROW = " → "
OF_DIGITS = "recall, precision, share of wrong answers on 4, probability on image 7"
DIGITS = [str(digit) for digit in range(10)]


class Quantity(NamedTuple):
    """A measure, and the name of the run it is taken of; None where all are compared, or there is only one."""

    measure: str
    run: str | None = None

    def of(self, results: Sequence[Result]) -> Result:
        """The run that it is about: the first where none is named."""
        return next((result for result in results if result.name == self.run), results[0])

    def value(self, results: Sequence[Result]) -> float:
        return MEASURES[self.measure].value(self.of(results), results)

    def shown(self, results: Sequence[Result]) -> str:
        return MEASURES[self.measure].show(self.value(results))


class Rule(NamedTuple):
    """What is looked for, in KINDS, and in what."""

    kind: str
    quantity: Quantity


class Answer(NamedTuple):
    """The option that the measured numbers make right, and a sentence with those numbers."""

    option: str
    sentence: str


Find = Callable[[Quantity, Sequence[str], Sequence[Result]], Answer]


class Kind(NamedTuple):
    """A way to find the answer: the options where a lesson gives none, and the finding.

    `options` takes the names of the runs. `find` takes the quantity, the options and the results. `compares` all runs,
    or is about one; measures it `of_digits`, or of runs.
    """

    options: Callable[[Sequence[str]], list[str]]
    find: Find
    compares: bool = False
    of_digits: bool = False


def quantity(text: str, runs: Sequence[str], of_digits: bool = False) -> Quantity:
    """Read "gap", or "gap of dropout 0.5". Raises ValueError, saying what there is."""
    for run in sorted(runs, key=len, reverse=True):
        if text.endswith(f" of {run}"):
            return Quantity(_known(text.removesuffix(f" of {run}"), runs, of_digits), run)
    return Quantity(_known(text, runs, of_digits))


def _known(measure: str, runs: Sequence[str], of_digits: bool) -> str:
    if of_digits and digit_measure(measure):
        return measure
    if not of_digits and measure in MEASURES:
        return measure
    known = OF_DIGITS if of_digits else ", ".join(MEASURES)
    raise ValueError(f"{measure!r} is not measured. There are: {known}; with the runs {', '.join(runs)}.")


def rule(text: str, runs: Sequence[str]) -> Rule:
    """Read a rule. Raises ValueError, saying what there is."""
    for kind in KINDS:
        if text.startswith(f"{kind} "):
            return Rule(kind, quantity(text.removeprefix(f"{kind} "), runs, KINDS[kind].of_digits))
    raise ValueError(f"{text!r} begins with none of: {', '.join(KINDS)}.")


def find(rule: Rule, options: Sequence[str], results: Sequence[Result]) -> Answer:
    """The answer in the results, which are of all runs of the lesson, in their order."""
    return KINDS[rule.kind].find(rule.quantity, options, results)


def spread(rule: Rule, results: Sequence[Result]) -> float:
    """How far the runs lie apart in the rule's measure."""
    values = [MEASURES[rule.quantity.measure].value(result, results) for result in results]
    return max(values) - min(values)


def _all(measure: str, results: Sequence[Result]) -> dict[str, float]:
    return {result.name: MEASURES[measure].value(result, results) for result in results}


def _extreme(pick: Callable[..., str]) -> Find:
    def find(quantity: Quantity, options: Sequence[str], results: Sequence[Result]) -> Answer:
        values, show = _all(quantity.measure, results), MEASURES[quantity.measure].show
        found = pick(values, key=lambda name: values[name])
        others = "".join(f"; {name}, {show(value)}" for name, value in values.items() if name != found)
        return Answer(found, f"{_title(quantity.measure)}: **{found}, {show(values[found])}**{others}.")

    return find


def _step(quantity: Quantity, options: Sequence[str], results: Sequence[Result]) -> Answer:
    measure: Measure = MEASURES[quantity.measure]
    values = _all(quantity.measure, results)
    gains = [after - before for before, after in pairwise(values.values())]
    found = _steps(list(values))[gains.index(max(gains, key=abs))]
    written = ARROW.join(f"{name}, {measure.show(value)}" for name, value in values.items())
    return Answer(found, f"{_title(quantity.measure)}: {written}. The largest step is **{found}**.")


def _value(quantity: Quantity, options: Sequence[str], results: Sequence[Result]) -> Answer:
    value, show = quantity.value(results), MEASURES[quantity.measure].show
    found = min(options, key=lambda option: abs(number(option) - value))
    of = f" of {quantity.run}" if quantity.run else ""
    near = "" if show(number(found)) == show(value) else f"; the nearest option is **{found}**"
    return Answer(found, f"{_title(quantity.measure)}{of}: **{show(value)}**{near}.")


def _digit(word: str, pick: Callable[..., int]) -> Find:
    def find(quantity: Quantity, options: Sequence[str], results: Sequence[Result]) -> Answer:
        values = digit_values(quantity.measure, quantity.of(results))
        found = pick(range(10), key=lambda digit: values[digit])
        return Answer(
            str(found), f"The digit with the {word} {quantity.measure} is **{found}**: **{percent(values[found])}**."
        )

    return find


def _score(quantity: Quantity, options: Sequence[str], results: Sequence[Result]) -> Answer:
    result, show = quantity.of(results), MEASURES[quantity.measure].show
    values = {name: MEASURES[name].value(result, results) for name in options}
    target = quantity.value(results)
    found = min(values, key=lambda name: abs(values[name] - target))
    written = "; ".join(f"{name}: {show(value)}" for name, value in values.items())
    return Answer(found, f"{_title(quantity.measure)}: **{show(target)}**. {_title(written)}. Nearest is **{found}**.")


def _steps(runs: Sequence[str]) -> list[str]:
    return [f"{before}{ARROW}{after}" for before, after in pairwise(runs)]


def _title(text: str) -> str:
    return text[:1].upper() + text[1:]


def number(option: str) -> float:
    """The number that an option says: "95 %" is 0.95. Raises ValueError where it says none."""
    text = option.replace(",", "").strip()
    return float(text.removesuffix("%")) / 100 if text.endswith("%") else float(text)


KINDS: dict[str, Kind] = {
    "largest step in": Kind(_steps, _step, compares=True),
    "largest": Kind(list, _extreme(max), compares=True),
    "smallest": Kind(list, _extreme(min), compares=True),
    "value of": Kind(lambda runs: [], _value),
    "score nearest to": Kind(lambda runs: [], _score),
    "digit with largest": Kind(lambda runs: DIGITS, _digit("largest", max), of_digits=True),
    "digit with smallest": Kind(lambda runs: DIGITS, _digit("smallest", min), of_digits=True),
}
