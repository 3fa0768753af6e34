import pytest

from mnist_lab.store.validation import best_epoch
from mnist_lab.training.stopping import is_over


@pytest.mark.parametrize(
    ("losses", "best"), [([], 0), ([0.5], 1), ([0.5, 0.3, 0.4], 2), ([0.5, 0.3, 0.3], 2), ([3, 2, 1], 3)]
)
def test_the_best_epoch_has_the_lowest_loss_and_comes_first(losses, best):
    assert best_epoch(losses) == best


def test_it_is_over_after_so_many_epochs_without_a_lower_loss():
    losses = [0.5, 0.3, 0.4, 0.35, 0.31]
    over = [is_over(losses[:epochs], 2) for epochs in range(len(losses) + 1)]
    assert over == [False, False, False, False, True, True]


def test_a_lower_loss_begins_the_wait_anew():
    assert not is_over([0.5, 0.6, 0.4, 0.45], 2)


def test_no_patience_means_never():
    assert not is_over([0.1, *[0.2] * 50], 0)
