"""Names for people who give none."""

from pathlib import Path

ANIMALS = tuple(Path(__file__).with_name("animals.txt").read_text("utf-8").split())
"""Each once, and more than a class may have phones."""
