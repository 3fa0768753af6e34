"""What runs are called beside each other, where the views look for it."""

from mnist_lab.comparing.naming import labels

__all__ = ["labels"]
