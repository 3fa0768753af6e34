"""The drawing and the figures of a network, as the Train page shows them."""

import pytest

from mnist_lab.config.train_config import parse
from mnist_lab.ui.layers import layer_table
from mnist_lab.ui.train.drawing import drawing, figures


def captions(**settings):
    return [
        part.split("</figcaption>")[0].replace("<br>", " ").strip()
        for part in drawing(parse(settings)).split("<figcaption>")[1:]
    ]


def test_a_dense_network_is_drawn_layer_by_layer():
    assert captions(units="30 20", activation="sigmoid relu", output="logits") == [
        *("28x28", "30 sigmoid", "20 relu", "10 logits")
    ]


def test_a_cnn_is_drawn_with_its_maps():
    assert captions(network="cnn", filters="4", units="") == ["28x28", "26x26x4 relu", "13x13x4 max", "10 softmax"]


def test_small_images_are_drawn_small():
    assert captions(network="logistic", scaling="8x8") == ["28x28", "8x8 mean", "10 softmax"]


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(None, "no forecast"), (0.2, "under a second"), (42.3, "about 42 s"), (601, "about 10 min")],
)
def test_a_forecast_is_called_one(seconds, words):
    text = figures(parse({}), seconds)
    assert words in text
    assert "101,770" in text
    assert "203 thousand operations" in text


def test_the_table_adds_up():
    assert layer_table(parse({})).count("101,770") == 1
