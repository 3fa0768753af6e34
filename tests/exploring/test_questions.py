"""Questions to a real cluster of one worker, beside its training."""

import os
import signal
from concurrent.futures import Future

import numpy as np
import pytest
from distributed import Client, LocalCluster

from mnist_lab.config.train_config import TrainConfig
from mnist_lab.engine.engine import Engine
from mnist_lab.errors import ClusterLost, RunError, UnknownRun
from mnist_lab.exploring.findings import Dreams, Sweep, Why, from_bytes, to_bytes
from mnist_lab.exploring.questions import Answers, asked, read
from mnist_lab.store.run import RunState
from mnist_lab.store.runs import RunStore
from tests.conftest import ended, under_way, wait_until

LONG = TrainConfig(dataset="digits", train_images=200, units=(8,), epochs=200, batch_size=1, validation_share=0.0)


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return RunStore(tmp_path_factory.mktemp("asked") / "runs")


@pytest.fixture(scope="module")
def engine(store):
    with LocalCluster(
        n_workers=1, threads_per_worker=1, processes=True, host="127.0.0.1", dashboard_address=None
    ) as cluster:
        engine = Engine(store, lambda: Client(cluster.scheduler_address, set_as_default=False))
        yield engine
        engine.close()


@pytest.fixture(scope="module")
def image(digits):
    return digits.x_test[0].astype(np.float32) / 255


def nobody(question):
    raise AssertionError("nobody is to be asked")


@pytest.mark.slow
def test_a_worker_that_trains_answers_and_still_stops_at_once(store, engine, image):
    run = engine.submit(LONG, "long")
    under_way(store, run)
    found = read(Why, engine.ask(asked(Why, "dense-128-dropout", 3, image=image)))
    assert found.digit == 3
    assert found.missing < 0.01
    assert store.get(run.id).state is RunState.RUNNING
    engine.stop(run.id)
    assert ended(store, run, seconds=30).state is RunState.STOPPED


def test_what_cannot_be_answered_is_told(engine):
    with pytest.raises(UnknownRun):
        engine.ask(asked(Sweep, "nobody")).result()
    with pytest.raises(RunError):
        engine.ask(asked(Dreams, "small-cnn", "no such layer", 0, 1, True)).result()


def test_dreams_are_kept_beside_the_run_and_known_after_a_restart(store, engine):
    question = asked(Dreams, "logistic-digits", "outputs", 0, 10, True)
    answers = Answers(store, engine.ask)
    assert not answers.knows(question)
    dreams = read(Dreams, answers.ask(question))
    wait_until(lambda: Answers(store, nobody).knows(question))
    kept = read(Dreams, Answers(store, nobody).ask(question))
    np.testing.assert_array_equal(kept.images, dreams.images)
    assert store.folder.exists(".explored/logistic-digits")


def test_what_is_kept_of_an_own_run_goes_with_it(store):
    run = store.create(LONG, "own")
    answers = Answers(store, lambda question: done(to_bytes(Sweep(np.ones(2), np.ones(2)))))
    answers.ask(asked(Sweep, run.id)).result()
    assert store.files(run.id, "explored")
    store.delete(run.id)
    assert not Answers(store, nobody).knows(asked(Sweep, run.id))


def done(content):
    answer = Future()
    answer.set_result(content)
    return answer


def test_the_same_is_asked_once_and_what_failed_anew(store, image):
    asks = []

    def ask(question):
        asks.append(question)
        if len(asks) == 1:
            answer = Future()
            answer.set_exception(ClusterLost("gone"))
            return answer
        return done(b"answer")

    answers, question = Answers(store, ask), asked(Why, "small-cnn", 1, image=image)
    assert answers.ask(question).exception()
    assert [answers.ask(question).result() for _ in range(3)] == [b"answer"] * 3
    assert len(asks) == 2
    assert answers.ask(asked(Why, "small-cnn", 2, image=image)).result()
    assert len(asks) == 3


def test_a_worker_that_dies_over_a_question_is_told_and_the_next_one_answers(store, engine, image):
    with Client(engine._workers.connect().scheduler.address, set_as_default=False) as client:
        ((address, pid),) = client.run(os.getpid).items()
        answer = engine.ask(asked(Sweep, "dense-1024"))
        wait_until(answer.running)
        os.kill(pid, signal.SIGKILL)
        with pytest.raises(ClusterLost):
            answer.result()
        wait_until(lambda: address not in (there := client.nthreads()) and there)
    assert read(Why, engine.ask(asked(Why, "logistic-mnist", 3, image=image))).digit == 3


def test_what_is_damaged_is_told():
    with pytest.raises(RunError, match="damaged"):
        from_bytes(Sweep, b"half")
