"""The settings of a training: the type, the bounds, the title and the description of each.

They drive the form, the command line, the JSON and the error messages.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter

from mnist_lab.config.numerals import Steps, real, reals, whole

DatasetName = Literal["mnist", "digits"]
Network = Literal["dense", "cnn", "logistic", "scratch"]
Activation = Literal["relu", "sigmoid", "tanh", "gelu", "linear"]
Output = Literal["softmax", "sigmoid", "logits"]
Initialization = Literal["glorot-uniform", "he-normal", "normal", "zeros"]
Scaling = Literal["unit", "column-l2", "none", "standardised", "8x8"]
Loss = Literal["sparse-cross-entropy", "one-hot-cross-entropy", "mean-squared-error", "quadratic-cost"]
Dirt = Literal["none", "raw", "prepared"]
Optimizer = Literal["adam", "adamw", "rmsprop", "sgd"]
Schedule = Literal["constant", "cosine", "step", "warm-up"]


def _as_sizes(value: Any) -> Any:
    """Accept one number, or text such as "256, 128", where a list of sizes is asked for."""
    if isinstance(value, str):
        return value.replace(",", " ").split()
    if isinstance(value, int):
        return [value]
    return value


def _as_digits(value: Any) -> Any:
    """Accept what `_as_sizes` does, in any order and more than once."""
    sizes = _as_sizes(value)
    if not isinstance(sizes, list | tuple) or not all(isinstance(digit, int | str) for digit in sizes):
        return sizes
    return sorted({int(digit) if str(digit).isdecimal() else digit for digit in sizes}, key=str)


def _for_layers(value: Any) -> Any:
    """Accept one value for all hidden layers, or text or a list with one for each; all alike are one, none is none."""
    if isinstance(value, str):
        value = value.replace(",", " ").split()
    if isinstance(value, list | tuple) and len(set(map(str, value))) <= 1:
        return value[0] if value else None
    return value


def _as_shares(value: Any) -> Any:
    """Accept what `_for_layers` does, also with decimal commas."""
    if isinstance(value, str):
        value = reals(value, lambda parts: _for_layers(_shares.validate_python(parts)))
    return _for_layers(value)


def _as_optional(value: Any) -> Any:
    """Accept an empty text where nothing may be given."""
    return None if value == "" else whole(value)


Whole = Annotated[int, BeforeValidator(whole)]
Real = Annotated[float, BeforeValidator(real)]
DECADES = Steps(10, (1, 2, 5))
Units = Annotated[int, Field(ge=1, le=4096)]
Filters = Annotated[int, Field(ge=1, le=256)]
Digit = Annotated[int, Field(ge=0, le=9)]
Dropout = Annotated[float, Field(ge=0.0, le=0.9)]
_shares = TypeAdapter(tuple[Dropout, ...])


class Settings(BaseModel):
    """Every setting by itself, regardless of the others. Frozen."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    dataset: DatasetName = Field(
        "mnist", title="Dataset", description="MNIST's 60,000 images, or scikit-learn's 1,797 small 8 x 8 digits."
    )
    train_images: Annotated[int | None, BeforeValidator(_as_optional), DECADES] = Field(
        None,
        title="Training images",
        ge=100,
        le=60_000,
        description="Train on the first so many images only; empty means all of them.",
    )
    leave_out: Annotated[tuple[Digit, ...], BeforeValidator(_as_digits)] = Field(
        (),
        title="Digits left out",
        max_length=10,
        description="Digits that training never sees, such as 3 8. The test set keeps them: sabotage to learn from.",
    )
    spoiled_labels: Real = Field(
        0.0,
        title="Spoiled labels",
        ge=0.0,
        le=1.0,
        description="Share of the training images, drawn by the seed, that get a wrong label. The test set stays true.",
    )
    augment: bool = Field(
        False,
        title="Augmentation",
        description="Every epoch shows each image a little turned, slanted, scaled, shifted, bent, thicker or thinner.",
    )
    pens: bool = Field(
        False,
        title="Pen digits",
        description="Learn also from the UCI pen digits, drawn as on the canvas.",
    )
    held_out_writers: Whole = Field(
        8,
        title="Writers held out",
        ge=0,
        le=29,
        description="So many of the 30 writers of pen digits are only watched; the seed draws them. Only with pens.",
    )
    dirt: Dirt = Field(
        "none",
        title="Dirt",
        description="Learn also from a soiled copy of every second image: scribbled on, blotted, grainy, blurred. "
        "prepared: as it looks once it is prepared, like a drawing.",
    )
    network: Network = Field(
        "dense",
        title="Network",
        description="dense: every unit sees the whole image. cnn: small filters slide over it first. logistic: "
        "scikit-learn's logistic regression, no hidden layer. scratch: dense layers written in NumPy, to read.",
    )
    filters: Annotated[tuple[Filters, ...], BeforeValidator(_as_sizes)] = Field(
        (32, 64),
        title="Filters",
        min_length=1,
        max_length=3,
        description="Filters of the convolutions ahead of each 2 x 2 max pooling, first to last. Only for cnn.",
    )
    kernel: Whole = Field(
        3,
        title="Kernel size",
        ge=2,
        le=7,
        description="The side of the window that a filter looks through, in pixels. Only for cnn.",
    )
    convolutions: Whole = Field(
        1,
        title="Convolutions",
        ge=1,
        le=3,
        description="How many convolutions stand ahead of each pooling. Only for cnn.",
    )
    units: Annotated[tuple[Units, ...], BeforeValidator(_as_sizes)] = Field(
        (128,),
        title="Hidden layers",
        max_length=16,
        description="Units of each hidden layer, first to last: 128, or 256 128, or nothing for no hidden layer.",
    )
    activation: Annotated[Activation | tuple[Activation, ...], BeforeValidator(_for_layers)] = Field(
        "relu",
        title="Activation",
        description="What makes the network more than one big linear map: one for all hidden layers, or one for each, "
        "such as sigmoid relu relu. A cnn's convolutions come first.",
    )
    dropout: Annotated[Dropout | tuple[Dropout, ...], BeforeValidator(_as_shares)] = Field(
        0.2,
        title="Dropout",
        description="Share of units switched off at random after each hidden layer in training, against over-fitting: "
        "one for all, or one for each layer. A cnn's convolutions come first.",
    )
    batch_normalization: bool = Field(
        False,
        title="Batch normalization",
        description="Bring each batch to mean 0 and spread 1 ahead of every activation: steadier, for larger steps.",
    )
    initialization: Initialization = Field(
        "glorot-uniform",
        title="Start weights",
        description="Where the weights begin. normal: mean 0 and spread 1, biases too. zeros: all units stay alike.",
    )
    l2: Annotated[Real, DECADES._replace(least=1e-5)] = Field(
        0.0,
        title="L2",
        ge=0.0,
        le=1.0,
        description="Times the sum of all squared weights is added to the loss: keeps weights small. Try 0.0001.",
    )
    output: Output = Field(
        "softmax",
        title="Output",
        description="softmax: ten shares of one. sigmoid: ten times yes or no. logits: the bare sums, for a "
        "cross-entropy that takes them. What is drawn is answered with softmax probabilities in any case.",
    )
    scaling: Scaling = Field(
        "unit",
        title="Scaling",
        description="unit: pixels in [0, 1]. column-l2: each column divided by its length. none: 0 to 255 as they are. "
        "standardised: the training pixels' mean taken away, divided by their spread. 8x8: averaged to 8 x 8 pixels.",
    )
    loss: Loss = Field(
        "sparse-cross-entropy",
        title="Loss",
        description="What training makes small. Sparse and one-hot cross-entropy are the same sum written twice. "
        "quadratic-cost is half the sum of the ten squared errors, mean-squared-error their mean.",
    )
    optimizer: Optimizer = Field("adam", title="Optimizer", description="The rule that turns gradients into steps.")
    learning_rate: Annotated[Real, DECADES] = Field(
        0.001,
        title="Learning rate",
        ge=1e-6,
        le=10.0,
        description="The size of a step: small is precise and slow, large is fast and unstable.",
    )
    weight_decay: Annotated[Real, DECADES._replace(least=1e-4)] = Field(
        0.004,
        title="Weight decay",
        ge=0.0,
        le=1.0,
        description="Share of each weight, times the learning rate, taken away at every step. Only for adamw.",
    )
    momentum: Annotated[Real, Steps(10, tuple(range(1, 10)), least=0.1)] = Field(
        0.0,
        title="Momentum",
        ge=0.0,
        le=0.99,
        description="How much of its last step the optimizer takes again. Only for sgd.",
    )
    nesterov: bool = Field(
        False, title="Nesterov", description="Look where the momentum leads before taking the gradient. Only for sgd."
    )
    schedule: Schedule = Field(
        "constant",
        title="Schedule",
        description="constant: every step the same size. cosine: small at first, then large, then down to nothing. "
        "step: a tenth after half the steps, a hundredth after three quarters. warm-up: small at first, then constant.",
    )
    batch_size: Annotated[Whole, Steps(2)] = Field(
        32,
        title="Batch size",
        ge=1,
        le=60_000,
        description="Images looked at before each step of the optimizer: 1 is stochastic, 60000 full-batch descent.",
    )
    epochs: Whole = Field(
        5, title="Epochs", ge=1, le=200, description="How often training goes through all the images."
    )
    patience: Whole = Field(
        0,
        title="Patience",
        ge=0,
        le=50,
        description="Stop early after so many epochs without a lower validation loss, and keep the best epoch's "
        "weights; 0 means never.",
    )
    c: Annotated[Real, DECADES] = Field(
        1.0,
        title="C",
        ge=1e-4,
        le=1e4,
        description="How much the log loss counts against the squared weights: small keeps weights small. Only for "
        "logistic.",
    )
    max_iterations: Annotated[Whole, DECADES] = Field(
        100,
        title="Iterations",
        ge=1,
        le=10_000,
        description="So many steps of lbfgs at most; it ends before where it has converged. Only for logistic.",
    )
    validation_share: Real = Field(
        0.1,
        title="Validation share",
        ge=0.0,
        le=0.5,
        description="Share of the training images held back to watch over-fitting while training.",
    )
    seed: Whole = Field(
        0,
        title="Seed",
        ge=0,
        le=2**31 - 1,
        description="The same seed gives the same start weights, the same split and the same order of images.",
    )

    snapshots: bool = Field(
        False,
        title="Snapshots",
        description="Keep the weights of up to 24 epochs, rounded, so that Explore can go back in time. What is learnt "
        "stays the same.",
    )
