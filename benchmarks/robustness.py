"""How many corrupted test images the bundled models misread: python -m benchmarks.robustness [--prepare] [MODEL…]

At the published strength, on the thousand test images that the Compare page corrupts. With --prepare the images go
through what prepares a drawing before, as they do when somebody uploads one.
"""

import argparse

import numpy as np

from benchmarks.reading import prepared
from mnist_lab.datasets.corruptions import CORRUPTIONS, corrupt
from mnist_lab.datasets.mnist import load_test_part
from mnist_lab.exploring.robustness import chosen
from mnist_lab.inference.predictor import Predictor
from mnist_lab.store.runs import BUNDLED

USUAL = ("dense-128-dropout", "small-cnn", "house-cnn")
CLEAN = "clean"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("models", nargs="*", default=USUAL)
    parser.add_argument("--prepare", action="store_true")
    asked = parser.parse_args()
    predictors = [Predictor.load(BUNDLED / model / "model.tflite") for model in asked.models]
    images, labels = chosen(load_test_part("mnist"))
    print(f"| misread{', prepared' * asked.prepare} | {' | '.join(asked.models)} |")
    print(f"| --- |{' ---: |' * len(predictors)}")
    errors = []
    for name in (CLEAN, *CORRUPTIONS):
        given = corrupt(images, name, 1.0 if name in CORRUPTIONS else 0.0)
        given = prepared([*given]) if asked.prepare else given
        wrong = [float((one.probabilities(given).argmax(axis=1) != labels).mean()) for one in predictors]
        errors += [wrong] if name in CORRUPTIONS else []
        print(f"| {name} | {' | '.join(f'{share:.1%}' for share in wrong)} |", flush=True)
    print(f"| mean of the {len(errors)} | {' | '.join(f'{share:.1%}' for share in np.mean(errors, axis=0))} |")


if __name__ == "__main__":
    main()
