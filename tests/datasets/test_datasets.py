import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

from mnist_lab.config.train_config import TrainConfig
from mnist_lab.datasets.mnist import MNIST_SHA256, Dataset, find_mnist, load_digits, load_mnist, load_test_part
from mnist_lab.datasets.splits import split, spoil
from mnist_lab.errors import DatasetError, DatasetUnavailable


@pytest.fixture
def nothing_at_hand(monkeypatch, tmp_path):
    """A machine that has no MNIST; the file that a download would make."""
    monkeypatch.delenv("MNIST_LAB_DATA", raising=False)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    return tmp_path / "keras" / "datasets" / "mnist.npz"


@pytest.fixture
def serve():
    """Start a server on this machine that answers every request with `status` and the first part of `body`."""
    servers = []

    def start(body, status=200, share=1.0):
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body[: int(len(body) * share)])

            def log_message(self, *_):
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}/mnist.npz"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def left_over(target):
    return [path.name for path in target.parent.glob("*")] if target.parent.exists() else []


def test_the_folder_in_the_environment_comes_first(monkeypatch, nothing_at_hand, mnist_file):
    nothing_at_hand.parent.mkdir(parents=True)
    nothing_at_hand.write_bytes(b"what Keras has")
    assert find_mnist() == nothing_at_hand
    monkeypatch.setenv("MNIST_LAB_DATA", str(mnist_file.parent))
    assert find_mnist() == mnist_file


def test_a_folder_without_mnist_is_named(monkeypatch, nothing_at_hand, tmp_path):
    monkeypatch.setenv("MNIST_LAB_DATA", str(tmp_path))
    with pytest.raises(DatasetUnavailable, match=r"MNIST_LAB_DATA is set to .*no mnist.npz"):
        load_mnist()


def test_keras_cache_needs_no_download(nothing_at_hand, mnist, mnist_file):
    nothing_at_hand.parent.mkdir(parents=True)
    nothing_at_hand.symlink_to(mnist_file)
    assert load_mnist(url="http://127.0.0.1:9/none").digest == mnist.digest


def test_a_download_lands_whole_in_keras_cache(nothing_at_hand, mnist, mnist_file, serve):
    shares = []
    loaded = load_mnist(serve(mnist_file.read_bytes()), shares.append)
    assert loaded.digest == mnist.digest
    assert nothing_at_hand.read_bytes() == mnist_file.read_bytes()
    assert left_over(nothing_at_hand) == ["mnist.npz"]
    assert shares == sorted(shares)
    assert len(shares) > 10
    assert shares[-1] == 1.0


@pytest.mark.parametrize(
    "answer",
    [
        {"body": b"PK\x03\x04" + bytes(500_000), "share": 0.5},
        {"body": b"not here", "status": 404},
        {"body": b"error", "status": 503},
        {"body": b"<html>Please log in to this network</html>"},
        {"body": b""},
    ],
    ids=["cut off", "not found", "overloaded", "a portal's page", "empty"],
)
def test_a_bad_download_leaves_nothing(nothing_at_hand, serve, answer):
    with pytest.raises(DatasetUnavailable):
        load_mnist(serve(**answer), lambda share: None)
    assert left_over(nothing_at_hand) == []


def test_a_truncated_download_of_mnist_itself_leaves_nothing(nothing_at_hand, mnist_file, serve):
    with pytest.raises(DatasetUnavailable):
        load_mnist(serve(mnist_file.read_bytes(), share=0.9))
    assert left_over(nothing_at_hand) == []


def test_without_a_network_the_message_says_what_to_do(nothing_at_hand):
    with pytest.raises(DatasetUnavailable, match="Connect to the network, or set MNIST_LAB_DATA"):
        load_mnist("http://127.0.0.1:9/mnist.npz")
    assert left_over(nothing_at_hand) == []


def test_a_cache_that_cannot_be_written_is_told(monkeypatch, nothing_at_hand, tmp_path, serve):
    (tmp_path / "a file").write_bytes(b"")
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "a file"))
    with pytest.raises(DatasetUnavailable):
        load_mnist(serve(b"whatever"))


def other_images(path):
    shapes = {"x_train": (9, 28, 28), "y_train": (9,), "x_test": (3, 28, 28), "y_test": (3,)}
    np.savez(path, **{name: np.zeros(shape, np.uint8) for name, shape in shapes.items()})


def pickled(path):
    np.savez(path, **{name: np.array([{}], dtype=object) for name in MNIST_SHA256})


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(b"PK\x03\x04 half a file"),
        lambda path: np.savez(path, x_train=np.zeros(1)),
        other_images,
        pickled,
    ],
    ids=["empty", "truncated", "arrays missing", "other images", "pickled"],
)
def test_a_bad_file_is_refused_with_what_to_do(monkeypatch, tmp_path, damage):
    damage(tmp_path / "mnist.npz")
    monkeypatch.setenv("MNIST_LAB_DATA", str(tmp_path))
    with pytest.raises(DatasetError, match=r"Delete .*mnist.npz"):
        load_mnist()


@pytest.mark.parametrize("place", [0.3, 0.99], ids=["cut", "bytes changed"])
def test_a_damaged_mnist_is_refused(monkeypatch, tmp_path, mnist_file, place):
    content = mnist_file.read_bytes()
    at = int(len(content) * place)
    damaged = content[:at] if place < 0.5 else content[: at // 2] + b"damage" + content[at // 2 + 6 :]
    (tmp_path / "mnist.npz").write_bytes(damaged)
    monkeypatch.setenv("MNIST_LAB_DATA", str(tmp_path))
    with pytest.raises(DatasetError, match=r"damaged|does not hold MNIST"):
        load_mnist()


def test_digits_look_like_mnist(digits):
    for images, labels, number in ((digits.x_train, digits.y_train, 1437), (digits.x_test, digits.y_test, 360)):
        assert (images.shape, images.dtype) == ((number, 28, 28), np.uint8)
        assert (labels.shape, labels.dtype) == ((number,), np.uint8)
        assert set(labels) == set(range(10))
        assert images.max() > 200
    assert np.median(digits.x_train[:, 0]) == 0  # the ink is bright, the border is not


def test_the_digits_are_split_the_same_each_time(digits):
    load_digits.cache_clear()
    assert load_digits().digest == digits.digest


def test_a_split_holds_back_the_share_asked_for_and_loses_nothing(digits):
    numbered = np.arange(len(digits.x_train))
    tagged = Dataset("digits", numbered, digits.y_train, digits.x_test, digits.y_test)
    parts = split(tagged, TrainConfig(validation_share=0.25))
    assert len(parts.x_validation) == round(len(numbered) * 0.25)
    assert sorted([*parts.x_train, *parts.x_validation]) == numbered.tolist()
    np.testing.assert_array_equal(parts.y_train, digits.y_train[parts.x_train])
    np.testing.assert_array_equal(parts.y_validation, digits.y_train[parts.x_validation])


def test_the_seed_decides_what_is_held_back(digits):
    held = [split(digits, TrainConfig(seed=seed)).x_validation for seed in (5, 5, 6)]
    np.testing.assert_array_equal(held[0], held[1])
    assert not np.array_equal(held[0], held[2])


def test_a_split_takes_the_first_images_only(digits):
    parts = split(digits, TrainConfig(train_images=300, validation_share=0.0))
    np.testing.assert_array_equal(parts.x_train, digits.x_train[:300])
    assert len(parts.x_validation) == 0


def test_digits_left_out_are_nowhere_but_in_the_test_set(digits):
    config = TrainConfig(validation_share=0.2, leave_out=(3, 8))
    parts = split(digits, config)
    every = split(digits, TrainConfig(validation_share=0.2))
    assert set(parts.y_train) == set(parts.y_validation) == {0, 1, 2, 4, 5, 6, 7, 9}
    np.testing.assert_array_equal(parts.x_train, every.x_train[~np.isin(every.y_train, (3, 8))])
    assert set(digits.y_test) == set(range(10))


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_just_the_share_of_labels_to_learn_from_is_spoiled(digits, share):
    config = TrainConfig(validation_share=0.2, spoiled_labels=share, seed=2)
    true, told = split(digits, TrainConfig(validation_share=0.2, seed=2)), split(digits, config)
    assert (true.y_train != told.y_train).sum() == round(len(true.y_train) * share)
    np.testing.assert_array_equal(true.x_train, told.x_train)
    np.testing.assert_array_equal(true.y_validation, told.y_validation)


def test_the_seed_draws_which_labels_are_spoiled_and_they_become_any_other_digit(digits):
    labels = np.arange(10, dtype=np.uint8).repeat(500)
    first, again, other = (spoil(labels, 1.0, seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()
    counts = np.bincount(labels * 10 + first, minlength=100).reshape(10, 10)
    assert (counts.diagonal() == 0).all()
    assert counts[~np.eye(10, dtype=bool)].min() > 25


def test_spoiled_labels_bring_back_no_digit_that_is_left_out(digits):
    told = split(digits, TrainConfig(leave_out=(3, 8), spoiled_labels=0.5))
    assert not set(told.y_train) & {3, 8}


def test_a_small_share_still_holds_an_image_back(digits):
    parts = split(digits, TrainConfig(train_images=100, validation_share=0.001))
    assert len(parts.x_validation) == 1


def test_the_test_part_alone_is_that_of_the_whole(mnist, digits):
    for whole in (mnist, digits):
        part = load_test_part(whole.name)
        np.testing.assert_array_equal(part.images, whole.x_test)
        np.testing.assert_array_equal(part.labels, whole.y_test)
