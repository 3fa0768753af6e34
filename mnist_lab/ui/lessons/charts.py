"""The comparisons that answer lessons, by the names that their files use."""

import html
from collections.abc import Callable, Sequence

import numpy as np
import streamlit as st

from mnist_lab.config.settings import DatasetName
from mnist_lab.datasets.corruptions import corrupt
from mnist_lab.datasets.mnist import load_test_part
from mnist_lab.errors import DatasetError
from mnist_lab.inference.predictor import Prediction
from mnist_lab.lessons.figures import digits_figure, gap_figure, gaps, losses_to, mistakes, mistakes_figure
from mnist_lab.lessons.lesson import Lesson
from mnist_lab.lessons.measures import MEASURES, Result, percent
from mnist_lab.lessons.sources import source
from mnist_lab.networks.shapes import count_parameters, layer_shapes
from mnist_lab.plots.curves import curves, curves_figure
from mnist_lab.plots.matrices import confusion_figure
from mnist_lab.plots.pixels import pixels
from mnist_lab.plots.style import NO_TOOLBAR
from mnist_lab.ui.answer import bars
from mnist_lab.ui.words import plain

IN_TABLE = ("test accuracy", "training accuracy", "gap", "seconds", "parameters")


def render_charts(lesson: Lesson, results: list[Result]) -> None:
    for chart in lesson.charts:
        title, render = CHARTS[chart]
        st.subheader(title, anchor=False)
        render(lesson, results)


def render_image(dataset: DatasetName, place: int, corruption: str | None) -> None:
    """The test image that a lesson asks about, and what a corruption makes of it."""
    try:
        image = load_test_part(dataset).images[place]
    except DatasetError as error:
        st.warning(plain(error))
        return
    shown = {f"Test image {place}": image / 255}
    if corruption:
        shown[f"Test image {place} after {corruption}"] = corrupt(image[None], corruption)[0]
    figures = "".join(f"<figure>{pixels(one, name, side=224)}</figure>" for name, one in shown.items())
    st.html(f'<div class="strip">{figures}</div>')


def _curves(lesson: Lesson, results: Sequence[Result]) -> None:
    figure = curves_figure({result.name: curves(result.name, result.ticks) for result in results}, height=400)
    st.plotly_chart(figure, key=f"lesson-curves-{lesson.id}", config=NO_TOOLBAR)


def _gap(lesson: Lesson, results: Sequence[Result]) -> None:
    st.plotly_chart(gap_figure(gaps(results)), key=f"lesson-gap-{lesson.id}", config=NO_TOOLBAR)


def _corruption(lesson: Lesson, results: Sequence[Result]) -> None:
    if lesson.corruption is None:
        return
    figure = gap_figure(losses_to(lesson.corruption, results), "clean images", f"after {lesson.corruption}")
    st.plotly_chart(figure, key=f"lesson-corruption-{lesson.id}", config=NO_TOOLBAR)


def _mistakes(lesson: Lesson, results: Sequence[Result]) -> None:
    st.plotly_chart(mistakes_figure(mistakes(results)), key=f"lesson-mistakes-{lesson.id}", config=NO_TOOLBAR)


def _confusion(lesson: Lesson, results: Sequence[Result]) -> None:
    matrices = {result.name: result.evaluation.confusion_matrix for result in results}
    most = max(int((matrix - np.diag(matrix.diagonal())).max()) for matrix in matrices.values())
    of_one_set = len({result.evaluation.test_set for result in results}) == 1
    for start in range(0, len(matrices), 2):
        row = list(matrices.items())[start : start + 2]
        for column, (name, matrix) in zip(st.columns(2), row, strict=False):
            figure = confusion_figure(matrix, name, most=max(most, 1) if of_one_set else None)
            column.plotly_chart(figure, key=f"lesson-confusion-{lesson.id}-{name}", config=NO_TOOLBAR)


def _digits(lesson: Lesson, results: Sequence[Result]) -> None:
    for result in results:
        if len(results) > 1:
            st.markdown(f"**{plain(result.name)}**")
        figure = digits_figure(result.evaluation.digit_scores())
        st.plotly_chart(figure, key=f"lesson-digits-{lesson.id}-{result.name}", config=NO_TOOLBAR)


def _table(lesson: Lesson, results: Sequence[Result]) -> None:
    rows = [
        [result.name, *(MEASURES[measure].show(MEASURES[measure].value(result, results)) for measure in IN_TABLE)]
        for result in results
    ]
    st.html(_html_table(["", *IN_TABLE], rows))


def _layers(lesson: Lesson, results: Sequence[Result]) -> None:
    for column, result in zip(st.columns(len(results)), results, strict=True):
        config = result.run.config
        rows = [
            [layer.kind, f"(None, {', '.join(map(str, layer.output_shape))})", f"{layer.parameters:,}"]
            for layer in layer_shapes(config)
        ]
        rows.append(["Total", "", f"{count_parameters(config):,}"])
        column.markdown(f"**{plain(result.name)}**")
        with column:
            st.html(_html_table(["Layer", "Output shape", "Parameters"], rows))
    st.caption("None stands for the number of images in a batch, which may be any.")


def _image(lesson: Lesson, results: Sequence[Result]) -> None:
    if lesson.image is None:
        return
    for result in results:
        probabilities = result.evaluation.probabilities[lesson.image]
        prediction, label = Prediction(probabilities), int(result.evaluation.labels[lesson.image])
        st.html(f'<div class="answer">{bars(prediction)}</div>')
        st.code(
            f"batch = images[{lesson.image}:{lesson.image + 1}]  # shape (1, 28, 28)\n"
            f"p = model.predict(batch)[0]  # shape (10,)\n"
            f"p.sum()     # {probabilities.sum():.3f}\n"
            f"p.argmax()  # {prediction.digit}"
        )
        st.markdown(
            f"It answers **{prediction.digit}**, with a probability of {percent(prediction.confidence)}. The label, "
            f"written by the people who made MNIST, says **{label}**."
        )


def _code(lesson: Lesson, results: Sequence[Result]) -> None:
    for result in results:
        lines = source(result.run.config)
        with st.expander(f"{plain(result.name)}: {len(lines)} lines"):
            st.code("\n".join(lines))
    st.caption(
        "Counted without blank lines, comments and docstrings. With a library, the script also reads the data and goes "
        "through the epochs; by hand, that comes on top."
    )


def _html_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    def line(cells: Sequence[str], tag: str) -> str:
        return f"<tr>{''.join(f'<{tag}>{html.escape(cell)}</{tag}>' for cell in cells)}</tr>"

    body = "".join(line(row, "td") for row in rows)
    table = f"<table><thead>{line(head, 'th')}</thead><tbody>{body}</tbody></table>"
    return f'<div class="lesson-table" tabindex="0" role="region" aria-label="Table">{table}</div>'


CHARTS: dict[str, tuple[str, Callable[[Lesson, Sequence[Result]], None]]] = {
    "curves": ("While they learned", _curves),
    "gap": ("The gap between training and test", _gap),
    "mistakes": ("Mistakes", _mistakes),
    "confusion": ("What is taken for what", _confusion),
    "digits": ("Each digit by itself", _digits),
    "table": ("In numbers", _table),
    "layers": ("Layer by layer", _layers),
    "image": ("Ten probabilities", _image),
    "corruption": ("Clean and dirty", _corruption),
    "code": ("The code", _code),
}
