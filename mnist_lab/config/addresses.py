"""What the address of a page asks for, word by word and within bounds: anybody can write anything there."""

import re
from collections.abc import Collection, Mapping

from mnist_lab.config.numerals import quoted, within
from mnist_lab.config.train_config import WILL_NOT_DO

LONGEST = 5000  # characters of a word: a comparison of as many runs as an address may name has about so many
CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class Address:
    """The words of an address by their names. `problems` gets a sentence for each that is asked for and will not do."""

    def __init__(self, words: Mapping[str, str]) -> None:
        self.problems: list[str] = []
        self._words = words

    def word(self, name: str, among: Collection[str] | None = None, what: str = "") -> str | None:
        """The word of that name, where there is one that will do: one of some, told as `what`, if these are given."""
        text = self._words.get(name)
        if text is None:
            return None
        if len(text) > LONGEST or CONTROL.search(text):
            self._refuse(name, f"{LONGEST:,} characters at most, in one line")
        elif among is not None and text not in among:
            self._refuse(name, what or ", ".join(among))
        else:
            return text
        return None

    def words(self, name: str) -> list[str]:
        """Those between the commas, each once; none where there is no such word, or none that will do."""
        return [word for word in dict.fromkeys((self.word(name) or "").split(",")) if word]

    def number(self, name: str, low: int, high: int) -> int | None:
        """The whole number of that name, where there is one within the bounds."""
        number = within(low, high, self._words.get(name, ""))
        if number is None and name in self._words:
            self._refuse(name, f"a whole number from {low:,} to {high:,}")
        return number

    def _refuse(self, name: str, accepted: str) -> None:
        self.problems.append(f"{name}: {quoted(self._words[name])}{WILL_NOT_DO}{accepted}.")
