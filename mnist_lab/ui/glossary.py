"""The field's terms in plain words, which explain themselves where one points at them or taps them."""

import re
from html import escape

TERMS = {
    "accuracy": "The share of images that are read right.",
    "activation": "What a unit makes of its sum, such as relu: below 0 it becomes 0.",
    "augmentation": "Showing each training image turned, shifted or stretched a little, differently each time.",
    "back-propagation": "Working out from the last layer to the first how each weight has to change.",
    "batch": "The images after which the weights are changed once.",
    "batch normalization": "Bringing the values of a layer to the same spread in every batch.",
    "bias": "A number that a unit adds to its sum, whatever comes in.",
    "confusion matrix": "A table that counts how often each digit is read as which.",
    "convolution": "A layer whose units look for one small pattern each, everywhere in the image.",
    "cross-entropy": "A loss: how surprised the network is by the right answer.",
    "dropout": "Switching off some units at random in each step of a training.",
    "epoch": "One pass through all training images.",
    "filter": "The small pattern that one unit of a convolution looks for.",
    "gradient": "How the loss changes with each weight: the training goes the other way.",
    "hidden layer": "A layer between the image and the ten outputs.",
    "learning rate": "How far a step changes the weights.",
    "logistic regression": "A weight for each pixel and digit, added up; no hidden layer.",
    "loss": "How wrong the network is, as one number: what a training makes smaller.",
    "one-hot": "A label as ten numbers: a 1 for its digit, a 0 for the others.",
    "operations": "Multiplications and additions that it takes to read one image.",
    "optimizer": "The rule by which a step turns gradients into changes of the weights.",
    "over-fitting": "Learning the training images by heart, and not what they have in common.",
    "parameters": "The numbers that a network learns: its weights and biases.",
    "pooling": "Keeping only the largest of a few neighbouring values.",
    "precision": "Of the images that are read as a digit, the share that are one.",
    "recall": "Of the images of a digit, the share that are read as it.",
    "softmax": "Makes ten shares that add up to 1 of ten numbers.",
    "test set": "Images that no training has seen, for the final score only.",
    "unit": "One place of a layer: it adds up what comes in, times its weights.",
    "validation": "Images held back from the training, to choose by.",
    "weights": "What each thing that comes in is multiplied by: what a network learns.",
}
_forms = {form: name for name in TERMS for form in (f"{name}s", f"{name}es", name.removesuffix("s"), name)}
_pattern = re.compile(rf"\b({'|'.join(map(re.escape, sorted(_forms, key=len, reverse=True)))})\b", re.IGNORECASE)


def found_in(text: str) -> list[str]:
    """The terms that a text uses, in its order, each once."""
    return list(dict.fromkeys(_forms[match[1].lower()] for match in _pattern.finditer(text)))


def term(name: str) -> str:
    """One of TERMS as HTML that explains itself. Raises KeyError for others."""
    about = escape(TERMS[name])
    return f'<dfn tabindex="0" aria-label="{name}: {about}" data-about="{about}">{name}</dfn>'
