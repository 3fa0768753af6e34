"""The command line: python -m mnist_lab"""

from mnist_lab.cli.parser import main

__all__ = ["main"]
