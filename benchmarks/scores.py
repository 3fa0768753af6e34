"""Score the bundled runs as a worker does at the end of a run: python -m benchmarks.scores.

Writes `pen_accuracy` and `prediction_seconds` into their summaries and prints them.
"""

from mnist_lab.engine.scoring import pen_accuracy, prediction_seconds
from mnist_lab.inference.predictor import Predictor
from mnist_lab.store.runs import BUNDLED, RunStore


def main() -> None:
    store = RunStore(BUNDLED, bundled=None)
    for run in store.listing().runs:
        assert run.summary
        model = store.read(run.id, "model.tflite")
        changes = {
            "pen_accuracy": pen_accuracy(Predictor(model, threads=2), [run.config]),
            "prediction_seconds": round(prediction_seconds(model), 7),
        }
        store.update(run.id, summary=run.summary.model_copy(update=changes))
        print(f"{run.id}: {changes}")


if __name__ == "__main__":
    main()
