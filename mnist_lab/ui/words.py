"""Words on a page: what people typed, as plain text even if it looks like Markdown, and times."""

import re

MARKS = re.compile(r"[\\`*_{}\[\]<>&~:$@#|!=+]")
# Where Streamlit looks once more when the marks are no marks any longer, for icons and emoji (:a:), addresses (a://b,
# www.a, a@b), arrows and the like (<-, --, >=); and a beginning that would make a list of the text (- a, 1. a).
PARTED = re.compile(r"[:@]|www(?=\.)|[<>~-](?=[-=>])|^(?=(-|\d+[.)])(\s|$))", re.IGNORECASE)
NOTHING = ":small[]"  # draws nothing, and parts the text before it from the text behind it


def plain(text: object) -> str:
    """The Markdown of a text that is none, on one line: a name, a word of an address, an error with its message.

    Streamlit reads Markdown in texts, errors and toasts, on buttons, popovers and links, and in the options of pills;
    an image in it is fetched by the browser of everybody who looks. Fields, select boxes and tables show what they get.
    """
    typed = " ".join(str(text).replace("\0", "").split())
    parted = PARTED.sub(lambda found: f"{found[0]}\0", typed)
    return MARKS.sub(r"\\\g<0>", parted).replace("\0", NOTHING)


def duration(seconds: float) -> str:
    """A time that was measured: "42 s", "3 min 05 s"."""
    minutes, rest = divmod(round(max(seconds, 0.0)), 60)  # a clock may have been ahead
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"


def about(seconds: float) -> str:
    """A time that was forecast: "under a second", "about 42 s", "about 3 min"."""
    if seconds < 1:
        return "under a second"
    return f"about {seconds:.0f} s" if seconds < 90 else f"about {seconds / 60:.0f} min"
