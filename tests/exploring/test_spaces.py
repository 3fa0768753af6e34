"""Images as points: the principal components, the neighbours, t-SNE."""

import numpy as np
import pytest

from mnist_lab.exploring.spaces import MOST_NUMBERS, among, features, nearest, span
from mnist_lab.exploring.tsne import flatten
from mnist_lab.networks.stages import read
from mnist_lab.store.runs import RunStore
from mnist_lab.ui.explore.points import Points, grouped


def test_the_first_components_are_those_with_the_largest_variance(digits):
    points = digits.x_test.reshape(len(digits.x_test), -1) / np.float32(255)
    space = span(points)
    largest = np.linalg.eigvalsh(np.cov(points, rowvar=False))[::-1]
    np.testing.assert_allclose(space.places.var(axis=0, ddof=1)[:10], largest[:10], rtol=0.01)
    np.testing.assert_allclose(space.shares[:10], largest[:10] / largest.sum(), rtol=0.01)
    np.testing.assert_allclose(space.directions.T @ space.directions, np.eye(30), atol=1e-4)


def test_a_point_of_the_space_is_placed_where_it_is(digits):
    points = digits.x_test.reshape(len(digits.x_test), -1) / np.float32(255)
    space = span(points)
    np.testing.assert_allclose(space.place(points[:5]), space.places[:5], atol=1e-4)
    near = nearest(space.places, space.places[7], 3)
    assert near[0] == 7
    distances = np.linalg.norm(space.places - space.places[7], axis=1)
    np.testing.assert_array_equal(near, np.argsort(distances)[:3])


def test_a_new_point_stands_among_its_neighbours():
    places, flat = np.eye(6, dtype=np.float32), np.arange(12, dtype=np.float32).reshape(6, 2)
    np.testing.assert_allclose(among(places, flat, places[3]), flat[3], atol=1e-3)
    inside = among(places, flat, np.full(6, 1 / 6, np.float32))
    assert (flat.min(axis=0) < inside).all()
    assert (inside < flat.max(axis=0)).all()


def test_every_stage_gives_rows_that_are_not_too_long(tmp_path, digits):
    stages = read(RunStore(tmp_path).read("small-cnn", "model.tflite"), "unit")
    for number in range(len(stages)):
        found = features(stages, number, digits.x_test[:20])
        assert len(found) == 20
        assert 2 <= found.shape[1] <= max(MOST_NUMBERS, 1600)


def test_t_sne_keeps_what_is_far_apart_apart():
    rng = np.random.default_rng(0)
    points = rng.normal(size=(120, 5)).astype(np.float32) + np.repeat([[0.0], [30.0]], 60, axis=0).astype(np.float32)
    flat = flatten(points)
    first, second = flat[:60].mean(axis=0), flat[60:].mean(axis=0)
    assert flat.shape == (120, 2)
    assert np.linalg.norm(first - second) > 2 * np.linalg.norm(flat[:60] - first, axis=1).mean()


@pytest.mark.parametrize(("color", "group"), [("label", "labels"), ("answer", "answers")])
def test_points_are_grouped_by_digit(color, group):
    labels, answers = np.random.default_rng(0).integers(0, 10, (2, 50)).astype(np.uint8)
    points = Points(np.zeros((50, 2), np.float32), np.zeros((50, 28, 28), np.uint8), labels, answers)
    groups = grouped(points, color)
    assert [int(groups.names[number]) for number in groups.numbers] == getattr(points, group).tolist()
    assert len(set(groups.colors)) == 10


def test_points_are_grouped_by_whether_the_answer_is_right():
    labels, answers = np.array([3, 5, 7], np.uint8), np.array([3, 6, 7], np.uint8)
    groups = grouped(Points(np.zeros((3, 2), np.float32), np.zeros((3, 28, 28), np.uint8), labels, answers), "mistake")
    assert [groups.names[number] for number in groups.numbers] == ["right", "mistake", "right"]
