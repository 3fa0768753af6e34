"""The same seed learns the same bytes, also in another process."""

import os
import subprocess
import sys

import pytest

from mnist_lab.store.runs import RunStore

SETTINGS = (
    "filters=8 units=32 dropout=0.3 augment=true train_images=4000 epochs=2 batch_size=32 validation_share=0.1 seed=7"
)


@pytest.mark.slow
@pytest.mark.parametrize("threads", ["1", "2"])
def test_two_processes_with_one_seed_learn_the_same_bytes(tmp_path, mnist, threads):
    learnt = []
    for process in ("one", "other"):
        folder = tmp_path / process
        changes = [word for setting in SETTINGS.split() for word in ("--set", setting)]
        subprocess.run(
            [sys.executable, "-m", "mnist_lab", "train", "--recipe", "small-cnn", *changes],
            env=os.environ
            | {"MNIST_LAB_RUNS": str(folder), "TF_NUM_INTRAOP_THREADS": threads, "TF_NUM_INTEROP_THREADS": threads},
            check=True,
            capture_output=True,
            timeout=300,
        )
        store = RunStore(folder, bundled=None)
        (run,) = store.listing().runs
        ticks = [tick._replace(seconds=0.0) for tick in store.epochs(run.id)]
        learnt.append((store.read(run.id, "model.tflite"), store.evaluation(run.id).probabilities.tobytes(), ticks))
    assert learnt[0] == learnt[1]
