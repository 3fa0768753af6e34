"""The drawing and the chosen models in a link."""

from urllib.parse import urlencode, urlsplit, urlunsplit

import streamlit as st

from mnist_lab.config.addresses import Address
from mnist_lab.config.settings import DatasetName
from mnist_lab.datasets.mnist import load_test_part
from mnist_lab.errors import DatasetError, ImageError
from mnist_lab.images.drawing_links import decode, encode
from mnist_lab.ui import resources
from mnist_lab.ui.address import render_problems
from mnist_lab.ui.canvas.drawing import ONE, show_image, show_strokes
from mnist_lab.ui.canvas.sources import Picture
from mnist_lab.ui.words import plain

OPENED = "shared_link_opened"
WORDS = ("drawing", "image", "dataset", "model", "models")  # of the address


def render_share(picture: Picture | None, model: str) -> None:
    """A link that opens the page with this drawing and these models."""
    if picture is None or not picture.strokes:
        return
    with st.popover("Share", icon=":material/link:", key="aside-share"):
        st.caption("This link opens the lab with your drawing and the models that you chose.")
        try:
            st.code(_link(picture, model), language=None, wrap_lines=True)
        except ImageError as error:
            st.info(plain(error))


def _link(picture: Picture, model: str) -> str:
    values = {"drawing": encode(picture.strokes, picture.pen_width), "model": model}
    if compared := st.session_state.get("compared_models"):
        values["models"] = ",".join(compared)
    here = urlsplit(st.context.url or "")
    return urlunsplit((here.scheme, here.netloc, here.path, urlencode(values), ""))


def open_link() -> None:
    """Take over what the page's address holds, once a visit: a drawing, or a test image to draw on; models."""
    asked = {name: word for name, word in st.query_params.to_dict().items() if name in WORDS}
    if not asked or st.session_state.get(OPENED) == asked:
        return
    st.session_state[OPENED] = asked
    address, models = Address(asked), resources.models()
    if model := address.word("model", models, "a network that is here, and finished"):
        st.session_state["model"] = model
    if compared := [name for name in address.words("models") if name in models]:
        st.session_state["compared_models"] = compared
    try:
        if "drawing" in asked:
            show_strokes(ONE, *decode(asked["drawing"]))
        elif "image" in asked:
            _open_test_image(address)
    except (DatasetError, ImageError) as error:
        st.warning(plain(error))
    render_problems(address.problems)


def _open_test_image(address: Address) -> None:
    """Put the image that the address names onto the canvas, to draw on: `image` is its place in the test set."""
    dataset: DatasetName = "digits" if address.word("dataset", ("mnist", "digits")) == "digits" else "mnist"
    images = load_test_part(dataset).images
    place = address.number("image", 0, len(images) - 1)
    if place is not None:
        show_image(ONE, images[place])
