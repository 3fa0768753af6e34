"""Train the recipes that others have published, and set what they print against what comes out here."""

from collections.abc import Callable, Iterator
from statistics import mean, stdev
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mnist_lab.comparing.learning import thinned
from mnist_lab.config import recipes
from mnist_lab.config.recipes import Published, Recipe
from mnist_lab.config.train_config import TrainConfig
from mnist_lab.datasets.mnist import load
from mnist_lab.errors import TrainingError
from mnist_lab.inference.quiet import quiet
from mnist_lab.networks import scratch
from mnist_lab.store import snapshots
from mnist_lab.store.folders import Folder
from mnist_lab.store.run import CONFIG, EVALUATION, KERAS_MODEL, METRICS, MODEL, STATUS, Run, RunState
from mnist_lab.store.runs import BUNDLED, RunStore
from mnist_lab.store.ticks import Tick, lines_of

GROUP = "reproduction"
SHORT_EPOCH = 10.0  # seconds; where an epoch takes longer, one seed must do
UNTRAINED = 200  # networks
SEEDS = {
    "dense-512-rmsprop": 10,
    "dense-1024": 10,
}  # at least, where a few do not show the spread
PLAIN = 4  # seeds for Keras's own fit, compared with the lab's
FURTHER = {"scratch-sigmoid-mse": 2}  # more seeds, told in the text, where a few do not show how far results spread
LARGE = 500_000  # bytes of a model.keras that is not bundled

Execute = Callable[[RunStore, str], Run]


class Outcome(NamedTuple):
    """A recipe and the finished runs of it, one for each seed, with the ticks that end their epochs.

    `further` are runs with more seeds, which the table leaves out.
    """

    name: str
    recipe: Recipe
    runs: list[Run]
    epochs: list[list[Tick]]
    further: list[Run]

    @property
    def test_accuracies(self) -> list[float]:
        """The accuracy on the test set of each run, in [0, 1]."""
        return _accuracies(self.runs)

    @property
    def train_accuracies(self) -> list[float]:
        """The training accuracy that each run's last epoch showed, dropout and all, as sources print it."""
        return [ticks[-1].accuracy for ticks in self.epochs]


def names() -> list[str]:
    """The recipes with a source of their own, in the order of the recipes."""
    return [name for name, recipe in recipes.RECIPES.items() if recipe.source]


def reproduce(store: RunStore, name: str, seeds: int, execute: Execute) -> Outcome:
    """Train one recipe with the seeds 0, 1 and so on. Raises TrainingError where a run does not finish.

    A run that an earlier reproduction left finished in the store is taken as it is.
    """
    recipe = recipes.get(name)
    own = [run for run in store.listing().runs if not run.bundled and run.asked.group == GROUP and run.summary]
    there = {run.config: run for run in own if not run.deviations}

    def run_with(seed: int) -> Run:
        config = recipe.config.model_copy(update={"seed": seed})
        run = there.get(config) or execute(store, store.create(config, name, recipe=name, group=GROUP).id)
        if run.state is not RunState.FINISHED or run.summary is None:
            raise TrainingError(f"{name} with seed {seed} did not finish: {run.status.reason or run.state}.")
        return run

    runs = [run_with(0)]
    if depends_on_seed(recipe.config) and _has_short_epochs(runs[0]):
        runs += [run_with(seed) for seed in range(1, max(seeds, SEEDS.get(name, 0)))]
    further = [run_with(seed) for seed in range(seeds, seeds + FURTHER.get(name, 0))]
    epochs = [[tick for tick in store.metrics(run.id) if tick.ends_epoch] for run in runs]
    return Outcome(name, recipe, runs, epochs, further)


def _has_short_epochs(run: Run) -> bool:
    return run.summary is not None and run.summary.seconds / run.config.rounds <= SHORT_EPOCH


def depends_on_seed(config: TrainConfig) -> bool:
    """Whether another seed trains another model; lbfgs on all the images always ends at the same one."""
    return config.network != "logistic" or config.validation_share > 0 or config.spoiled_labels > 0


def difference(outcome: Outcome) -> str:
    """What parts the measured test accuracy from the published one, in a sentence."""
    published, found, best = outcome.recipe.published, mean(outcome.test_accuracies), max(outcome.test_accuracies)
    if published.test_accuracy is None:
        return "The source prints no accuracy to set against it."
    points = 100 * (found - published.test_accuracy)
    if published.rounded and round(found, 2) == published.test_accuracy:
        return "The same, as far as it is printed: the source rounds to whole per cents."
    if points >= 0:
        return f"{points:.2f} points above the published number."
    below = f"{-points:.2f} points below the published number"
    if best >= published.test_accuracy:
        return f"{below}, which is within the spread over the seeds: the best of them gets {best:.2%}."
    return f"{below}, which the best of the seeds, {best:.2%}, does not reach."


def untrained(images: NDArray[np.uint8], labels: NDArray[np.uint8], config: TrainConfig) -> list[float]:
    """What dense networks with their start weights score on images, for many seeds; pixels in [0, 1]."""
    x = images.reshape(len(images), -1) / np.float32(255)
    networks = (scratch.start(config.model_copy(update={"seed": seed}), x.shape[1]) for seed in range(UNTRAINED))
    return [scratch.score(layers, x, labels, config.loss)[1] for layers in networks]


def fit_plainly(config: TrainConfig, seed: int = 0) -> float:
    """The test accuracy after Keras's own `fit` of a network that learns from all images."""
    with quiet():
        from mnist_lab.training.keras_models import build, wants_one_hot

    dataset, model = load(config.dataset), build(config.model_copy(update={"seed": seed}))
    x_train, x_test = dataset.x_train / np.float32(255), dataset.x_test / np.float32(255)
    hot = wants_one_hot(config.loss)
    y_train, y_test = (np.eye(10)[y] if hot else y for y in (dataset.y_train, dataset.y_test))
    model.fit(x_train, y_train, batch_size=config.batch_size, epochs=config.epochs, verbose=0)
    return float(model.evaluate(x_test, y_test, verbose=0)[1])


def regression_on_untouched_digits(config: TrainConfig) -> float:
    """The test accuracy of scikit-learn's regression on its own 8 x 8 pixels / 16, split as the lab splits them."""
    from sklearn.datasets import load_digits
    from sklearn.linear_model import LogisticRegression

    from mnist_lab.datasets.mnist import split_digits

    bunch = load_digits()
    x_train, x_test, y_train, y_test = split_digits(bunch.data / 16.0, bunch.target)
    regression = LogisticRegression(C=config.c, max_iter=config.max_iterations).fit(x_train, y_train)
    return float(regression.score(x_test, y_test))


def report(outcomes: list[Outcome], command: str) -> str:
    """The table and what is to say about it, in Markdown."""
    return "\n".join([*_table(outcomes, command), *_about(outcomes), ""])


def _table(outcomes: list[Outcome], command: str) -> Iterator[str]:
    yield "# Published against measured"
    yield ""
    yield f"Written by `{command}`."
    yield "Measured on the whole test set with the file that answers in the browser; where a recipe was trained with"
    yield "several seeds, the mean and the standard deviation over them, and the seconds of the quickest. Training"
    yield "accuracy is that of the last epoch, while it trained, as the sources print it. No setting was chosen on the"
    yield "test set: each is what its source says, or Keras's default."
    yield ""
    yield "| recipe | published test | measured test | published train | measured train | seeds | seconds |"
    yield "| --- | ---: | ---: | ---: | ---: | ---: | ---: |"
    for outcome in outcomes:
        published = outcome.recipe.published
        seconds = min(run.summary.seconds for run in outcome.runs if run.summary)
        cells = (
            f"`{outcome.name}`",
            _published(published),
            _spread(outcome.test_accuracies),
            "" if published.train_accuracy is None else f"{published.train_accuracy:.2%}",
            _spread(outcome.train_accuracies),
            str(len(outcome.runs)),
            f"{seconds:.1f}",
        )
        yield f"| {' | '.join(cells)} |"


def _about(outcomes: list[Outcome]) -> Iterator[str]:
    for outcome in sorted(outcomes, key=lambda outcome: not outcome.recipe.note):
        yield ""
        yield f"## {outcome.name}"
        yield ""
        yield f"{outcome.recipe.summary} {outcome.recipe.source}"
        yield ""
        yield " ".join(part for part in (difference(outcome), outcome.recipe.note, _evidence(outcome)) if part)
        if outcome.recipe.published.train_losses:
            yield from _curves(outcome)


def _evidence(outcome: Outcome) -> str:
    """What else was measured to explain a difference."""
    config = outcome.recipe.config
    if outcome.name == "scratch-sigmoid-mse":
        dataset = load(config.dataset)
        chance = untrained(dataset.x_test, dataset.y_test, config)
        below = sum(accuracy <= 0.1041 for accuracy in chance)
        return (
            f"Of {len(chance)} such networks with their start weights, the accuracies lie between {min(chance):.2%} "
            f"and {max(chance):.2%}, {mean(chance):.2%} in the mean, and {below} of them do not exceed 10.41 %. "
            f"Further seeds gave {_listed(_accuracies(outcome.further))}; where the accuracy is near 86 %, one of the "
            "ten sigmoid outputs was saturated from the start and its digit never learned, as happens with weights "
            "this large and a cost whose slope vanishes with the sigmoid's."
        )
    if outcome.name == "dense-512-rmsprop":
        own = [fit_plainly(config, seed) for seed in range(PLAIN)]
        return f"Keras's own fit of this network, with {PLAIN} seeds, gets {_listed(own)}: single runs differ by more."
    if outcome.name == "dense-1024":
        own = [fit_plainly(config, seed) for seed in range(2)]
        slower = fit_plainly(config.model_copy(update={"learning_rate": config.learning_rate / 10}))
        return (
            f"It is not the lab's doing: Keras's own fit of this network, with its defaults, gets {_listed(own)} with "
            "two seeds. On pixels up to 255 Adam's usual steps are too large to settle: with a tenth of the learning "
            f"rate it gets {slower:.2%}. The source may have used another version or rate."
        )
    if outcome.name == "logistic-digits":
        untouched = regression_on_untouched_digits(config)
        return (
            "The lab centres these digits in 28 x 28 and averages them back to 8 x 8; on the untouched 8 x 8 pixels, "
            f"with the same split, scikit-learn's regression gets {untouched:.2%}."
        )
    return ""


def _accuracies(runs: list[Run]) -> list[float]:
    return [run.summary.test_accuracy for run in runs if run.summary]


def _listed(accuracies: list[float]) -> str:
    *first, last = [f"{accuracy:.2%}" for accuracy in accuracies]
    return f"{', '.join(first)} and {last}" if first else last


def _curves(outcome: Outcome) -> Iterator[str]:
    published = outcome.recipe.published
    yield ""
    yield "| epoch | published accuracy | measured | published loss | measured |"
    yield "| ---: | ---: | ---: | ---: | ---: |"
    for number, (accuracy, loss) in enumerate(
        zip(published.train_accuracies, published.train_losses, strict=True), start=1
    ):
        ticks = [epochs[number - 1] for epochs in outcome.epochs]
        found = mean(tick.accuracy for tick in ticks), mean(tick.loss for tick in ticks)
        yield f"| {number} | {accuracy:.4f} | {found[0]:.4f} | {loss:.4f} | {found[1]:.4f} |"


def _published(published: Published) -> str:
    if published.test_accuracy is None:
        return "none"
    return f"about {published.test_accuracy:.0%}" if published.rounded else f"{published.test_accuracy:.2%}"


def _spread(accuracies: list[float]) -> str:
    spread = f" ± {100 * stdev(accuracies):.2f}" if len(accuracies) > 1 else ""
    return f"{mean(accuracies):.2%}{spread}"


def bundle(store: RunStore, run: Run, name: str, bundled: Folder | None = None) -> None:
    """Put a run among those that come with the lab, under that name.

    Left out, to keep the lab small: ticks that no curve shows, the optimizer's memory in `model.keras`, and the whole
    file where it is still larger than half a megabyte. What draws, compares and explains needs `model.tflite` only; who
    wants to go on with such a model trains its recipe first.
    """
    with quiet():
        from mnist_lab.training.keras_models import without_optimizer

    bundled = bundled or Folder(BUNDLED)
    for file in (CONFIG, STATUS, MODEL, EVALUATION):
        bundled.write(f"{name}/{file}", store.read(run.id, file))
    bundled.write(f"{name}/{METRICS}", lines_of(thinned(store.metrics(run.id))))
    for epoch in snapshots.epochs_of(store, run.id):
        bundled.write(f"{name}/{snapshots.name(epoch)}", store.read(run.id, snapshots.name(epoch)))
    slim = without_optimizer(store.read(run.id, KERAS_MODEL))
    if len(slim) <= LARGE:
        bundled.write(f"{name}/model.keras", slim)
    else:
        bundled.delete(f"{name}/model.keras")
