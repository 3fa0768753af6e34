"""MNIST Lab: draw digits, train networks, compare them. Works with and without the browser."""

__version__ = "0.1.0"
