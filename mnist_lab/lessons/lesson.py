"""A lesson as a value, read from a TOML file and checked; its author is told what is wrong with it."""

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Annotated, Any, Literal, NamedTuple, Self, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator, model_validator

from mnist_lab.config import recipes
from mnist_lab.config.numerals import quoted
from mnist_lab.config.train_config import TrainConfig, parse
from mnist_lab.datasets.corruptions import CORRUPTIONS
from mnist_lab.errors import ConfigError, LessonError
from mnist_lab.lessons import rules
from mnist_lab.lessons.measures import MEASURES, Result, digit_measure
from mnist_lab.lessons.rules import KINDS, Answer, Quantity

Chart = Literal["curves", "gap", "mistakes", "confusion", "digits", "table", "layers", "image", "corruption", "code"]
CHARTS: tuple[str, ...] = get_args(Chart)
Figure = Literal["softmax", "dropout"]
TEST_IMAGES = {"mnist": 10_000, "digits": 360}
MOST_RUNS = 4
PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
RESERVED = ("name", "recipe")  # what a run has besides its settings

Words = Annotated[str, Field(min_length=1)]


class PlannedRun(NamedTuple):
    """A run that a lesson needs: its name there, and what to train."""

    name: str
    config: TrainConfig


def _written(value: Any) -> Any:
    """A number among the options as people write it."""
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)


class Lesson(BaseModel):
    """A teaching point: text, a question with options, the runs that decide it, the rule that finds the answer.

    `text`, `seen` and `why` are Markdown; in the last two, `{gap of dropout}` becomes that number, once measured.
    `expected` is what the lesson was written for; where the numbers say otherwise, the page says so. `image` is the
    number of a test image that is shown with the question, before and after the `corruption`, if one is given; `figure`
    is one that a hand moves, below the text.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    title: Annotated[Words, Field(max_length=80)]
    text: Words
    runs: Annotated[tuple[PlannedRun, ...], Field(min_length=1, max_length=MOST_RUNS)]
    question: Words
    options: Annotated[tuple[Annotated[str, BeforeValidator(_written)], ...], Field(max_length=10)] = ()
    answer: Words
    expected: Annotated[str, BeforeValidator(_written)] | None = None
    alike: Words | None = None
    within: Annotated[float, Field(ge=0.0)] = 0.0
    charts: Annotated[tuple[Chart, ...], Field(min_length=1)]
    image: Annotated[int, Field(ge=0)] | None = None
    corruption: str | None = None
    figure: Figure | None = None
    seen: str = ""
    why: Words

    @field_validator("runs")
    @classmethod
    def _named_apart(cls, runs: tuple[PlannedRun, ...]) -> tuple[PlannedRun, ...]:
        names = [run.name for run in runs]
        if len(set(names)) < len(names):
            raise ValueError("each run needs a name of its own.")
        return runs

    @model_validator(mode="after")
    def _hangs_together(self) -> Self:
        for field, check in CHECKS.items():
            try:
                check(self)
            except ValueError as error:
                raise ValueError(f"{field}: {error}") from error
        return self

    @property
    def names(self) -> list[str]:
        return [run.name for run in self.runs]

    @property
    def choices(self) -> list[str]:
        named = [*self.options] or KINDS[self._rule.kind].options(self.names)
        return [*named, *([self.alike] if self.alike else [])]

    def answered(self, results: Sequence[Result]) -> Answer:
        """What the runs say, all of which are given, in their order."""
        answer = rules.find(self._rule, self.options or KINDS[self._rule.kind].options(self.names), results)
        if self.alike and rules.spread(self._rule, results) <= self.within:
            return Answer(self.alike, answer.sentence)
        return answer

    def filled(self, text: str, results: Sequence[Result]) -> str:
        """The text with the measured numbers in the places of `{measure of run}`."""
        return PLACEHOLDER.sub(lambda found: self._quantity(found[1]).shown(results), text)

    @property
    def _rule(self) -> rules.Rule:
        return rules.rule(self.answer, self.names)

    def _quantities(self) -> Iterator[Quantity]:
        """Everything that the lesson wants measured of runs."""
        if not KINDS[self._rule.kind].of_digits:
            yield self._rule.quantity
        for text in (self.seen, self.why):
            yield from (self._quantity(found[1]) for found in PLACEHOLDER.finditer(text))

    def _quantity(self, placeholder: str) -> Quantity:
        """What a placeholder names, which a line of the file may break."""
        return rules.quantity(" ".join(placeholder.split()), self.names)


def _check_answer(lesson: Lesson) -> None:
    kind, quantity = KINDS[lesson._rule.kind], lesson._rule.quantity
    if kind.compares and quantity.run:
        raise ValueError(f"{lesson.answer!r} compares all runs; leave 'of {quantity.run}' out.")
    if lesson._rule.kind == "largest step in" and len(lesson.runs) < 2:
        raise ValueError("there is no step with one run only.")
    if kind.of_digits and (named := digit_measure(quantity.measure)):
        most = TEST_IMAGES[lesson.runs[0].config.dataset] - 1 if " image " in lesson.answer else 9
        if named[1] > most:
            raise ValueError(f"{lesson.answer!r} ends with a number above {most:,}.")


def _check_measures(lesson: Lesson) -> None:
    measures = {quantity.measure for quantity in lesson._quantities()}
    if lesson._rule.kind == "score nearest to":
        measures |= set(lesson.options)
    validated = all(run.config.validation_share for run in lesson.runs)
    if any(measure.startswith("validation") for measure in measures) and not validated:
        raise ValueError("a run without validation images has no such score. Raise its validation_share above 0.")
    if "disagreement" in measures and (len(lesson.runs) < 2 or len({run.config.dataset for run in lesson.runs}) > 1):
        raise ValueError("disagreement takes two runs or more that are tested on the same dataset.")


def _check_alike(lesson: Lesson) -> None:
    if lesson.alike and not KINDS[lesson._rule.kind].compares:
        raise ValueError(f"{lesson.answer!r} does not compare runs, so they cannot come out alike. Leave it out.")


def _check_options(lesson: Lesson) -> None:
    if len(lesson.choices) < 2:
        raise ValueError(f"a bet needs at least two; the answer {lesson.answer!r} finds none by itself.")
    kind, given = lesson._rule.kind, set(lesson.options)
    own = KINDS[kind].options(lesson.names)
    if own and given and set(own) != given:
        raise ValueError(f"the answer {lesson.answer!r} is one of {', '.join(own)}; leave the options out.")
    if kind == "value of":
        _check_numbers(lesson.options)
    if kind == "score nearest to" and not given <= set(MEASURES):
        raise ValueError(f"each must be something that is measured: {', '.join(MEASURES)}.")


def _check_numbers(options: Sequence[str]) -> None:
    for option in options:
        try:
            rules.number(option)
        except ValueError:
            raise ValueError(f"{option!r} must be a number such as 0.5, 1290 or 95 %.") from None


def _check_expected(lesson: Lesson) -> None:
    if lesson.expected is not None and lesson.expected not in lesson.choices:
        raise ValueError(f"{lesson.expected!r} is none of the options: {', '.join(lesson.choices)}.")


def _check_image(lesson: Lesson) -> None:
    dataset = lesson.runs[0].config.dataset
    if lesson.image is not None and lesson.image >= TEST_IMAGES[dataset]:
        raise ValueError(f"the test images of {dataset} are numbered from 0 to {TEST_IMAGES[dataset] - 1:,}.")
    if "image" in lesson.charts and lesson.image is None:
        raise ValueError("the chart named image needs the number of a test image, such as image = 7.")


def _check_corruption(lesson: Lesson) -> None:
    if lesson.corruption is not None and lesson.corruption not in CORRUPTIONS:
        raise ValueError(f"{lesson.corruption!r} is none of: {', '.join(CORRUPTIONS)}.")
    if "corruption" in lesson.charts and lesson.corruption is None:
        raise ValueError('the chart named corruption needs the name of one, such as corruption = "fog".')


CHECKS: dict[str, Callable[[Lesson], None]] = {
    "answer": _check_answer,
    "answer, seen or why": _check_measures,
    "alike": _check_alike,
    "options": _check_options,
    "expected": _check_expected,
    "image": _check_image,
    "corruption": _check_corruption,
}


def read(content: str, lesson_id: str) -> Lesson:
    """The lesson in a TOML file. Raises LessonError with a line for each field that is wrong, and what it takes."""
    try:
        fields = tomllib.loads(content)
    except tomllib.TOMLDecodeError as error:
        raise LessonError(f"it is no TOML: {error}.") from error
    try:
        return Lesson.model_validate({**_without_settings(fields), "id": lesson_id, "runs": _runs(fields)})
    except ValidationError as error:
        raise LessonError("\n".join(map(_explained, error.errors()))) from error


def _without_settings(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {field: value for field, value in fields.items() if field != "settings"}


def _runs(fields: Mapping[str, Any]) -> tuple[PlannedRun, ...]:
    """The runs, each from a recipe or the defaults, the settings of all and its own."""
    common, runs = fields.get("settings", {}), fields.get("runs", [])
    if not isinstance(common, dict):
        raise LessonError("settings: write it as a table, [settings], with a line for each.")
    if not isinstance(runs, list) or not all(isinstance(run, dict) for run in runs):
        raise LessonError("runs: write each as a table of its own, [[runs]], with a name and its settings.")
    return tuple(_run(number, common, run) for number, run in enumerate(runs, start=1))


def _run(number: int, common: Mapping[str, Any], run: Mapping[str, Any]) -> PlannedRun:
    name = run.get("name")
    if not isinstance(name, str) or not name:
        raise LessonError(f'runs, number {number}: it has no name. Add a line such as name = "with dropout".')
    own = {field: value for field, value in run.items() if field not in RESERVED}
    if stray := [field for field in (*common, *own) if field in Lesson.model_fields]:
        raise LessonError(f"{stray[0]}: move this line to the top of the file, above [settings] and [[runs]].")
    try:
        base = recipes.get(str(run["recipe"])).config if "recipe" in run else None
        return PlannedRun(name, parse({**common, **own}, base))
    except ConfigError as error:
        raise LessonError(f"runs, {name}: {error}") from error


def _explained(error: Any) -> str:
    field = ", ".join(str(part + 1) if isinstance(part, int) else part for part in error["loc"])
    if error["type"] == "missing":
        return f"{field}: it is missing."
    if error["type"] == "extra_forbidden":
        known = [name for name in Lesson.model_fields if name != "id"]
        return f"{field}: there is no such field; the fields are {', '.join(known)} and settings."
    if error["type"] == "value_error":
        return f"{field}: {error['ctx']['error']}" if field else str(error["ctx"]["error"])
    if error["type"] in ("too_short", "too_long") and field == "runs":
        return f"runs: a lesson takes 1 to {MOST_RUNS} of them, each as [[runs]] with a name and its settings."
    return f"{field}: {error['msg']}, not {quoted(error['input'])}."
