"""Where the scripts that an earlier lab printed import `augment` from."""

from mnist_lab.datasets.augmentation import augment

__all__ = ["augment"]
