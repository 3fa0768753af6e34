"""The command that reads digits."""

import argparse
from typing import Any

from mnist_lab.cli.output import print_json, store_of
from mnist_lab.errors import ImageError
from mnist_lab.images.preprocessing import prepare, read_image
from mnist_lab.inference.predictor import Predictor
from mnist_lab.store.models import model_of
from mnist_lab.store.run import Run


def predict(options: argparse.Namespace) -> int:
    """Read digits from image files, in the order given."""
    store = store_of(options)
    run = store.find(options.model)
    predictor = model_of(store, run.id)
    answers = [_answer(file, predictor, run) for file in options.images]
    if options.json:
        print_json(answers)
    else:
        for answer in answers:
            print(f"{answer['file']}: {_in_words(answer)}")
    return 1 if any("error" in answer for answer in answers) else 0


def _answer(file: str, predictor: Predictor, run: Run) -> dict[str, Any]:
    answer: dict[str, Any] = {"file": file, "digit": None, "probabilities": None, "model": run.id}
    try:
        image = prepare(read_image(file))
    except ImageError as error:
        return {**answer, "error": str(error)}
    if image is None:
        return {**answer, "reason": "blank"}
    prediction = predictor.predict(image)
    return {**answer, "digit": prediction.digit, "probabilities": [float(p) for p in prediction.probabilities]}


def _in_words(answer: dict[str, Any]) -> str:
    if "error" in answer:
        return str(answer["error"])
    if answer["digit"] is None:
        return "blank, nothing to read"
    return f"{answer['digit']}  ({max(answer['probabilities']):.1%})"
