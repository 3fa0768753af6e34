"""Where the scripts that an earlier lab printed import `drawings` from."""

from mnist_lab.datasets.pens import drawings

__all__ = ["drawings"]
