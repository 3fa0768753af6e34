"""Every lesson that comes with the lab, from its trainings to its answer, with fewer images and epochs."""

import pytest
from streamlit.testing.v1 import AppTest

from mnist_lab.engine.worker import execute
from mnist_lab.lessons.lesson import PlannedRun
from mnist_lab.lessons.library import library
from mnist_lab.lessons.running import missing, standing
from mnist_lab.store.run import RunState
from mnist_lab.store.runs import RunStore
from mnist_lab.ui import resources
from tests.pages import at

FEW = {"train_images": 300, "epochs": 2, "max_iterations": 10}
LESSONS = library().lessons
LEAST_WORDS = 10

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    return RunStore(tmp_path_factory.mktemp("lessons"))


def shortened(config):
    return config.model_copy(update={field: min(getattr(config, field) or most, most) for field, most in FEW.items()})


def answer(lesson, bet, now):
    from mnist_lab.ui.lessons.answers import render_answer
    from mnist_lab.ui.shell import navigation

    navigation()
    render_answer(lesson, now, bet)


@pytest.mark.parametrize("lesson", LESSONS.values(), ids=LESSONS)
def test_a_lesson_is_trained_and_its_answer_is_drawn(lesson, lab, monkeypatch, mnist):
    runs = tuple(PlannedRun(name, shortened(config)) for name, config in lesson.runs)
    short = lesson.model_copy(update={"runs": runs})
    for planned in missing(short, lab.listing().runs):
        ended = execute(lab, lab.create(planned.config, planned.name).id)
        assert ended.state is RunState.FINISHED, ended.status.reason
    monkeypatch.setattr(resources, "store", lambda: lab)
    now = standing(short, lab.listing().runs)
    app = at(AppTest.from_function(answer, args=(short, lesson.choices[0], now)))
    assert not app.error and not app.exception
    (found,) = app.header
    assert found.value.replace("\\", "") in lesson.choices
    told = [element.value for element in app.markdown]
    assert any(text.startswith("You bet on") for text in told)
    assert "Why" in [element.value for element in app.subheader]
    assert len(told[-1].split()) > LEAST_WORDS
