"""Labelled images: where they come from, how they are split and varied.

The scripts that the lab prints import what they need from here.
"""

from mnist_lab.datasets.augmentation import augment
from mnist_lab.datasets.dirt import soiled
from mnist_lab.datasets.mnist import Dataset, load, load_digits
from mnist_lab.datasets.pens import drawings
from mnist_lab.datasets.splits import split, spoil

__all__ = ["Dataset", "augment", "drawings", "load", "load_digits", "soiled", "split", "spoil"]
