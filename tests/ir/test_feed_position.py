"""Where a training stands."""

from kerasgen.ir.training import FeedPosition


def test_a_position_counts_batches_over_the_ends_of_epochs() -> None:
    assert FeedPosition(epoch=1, batch=7).after(5, 10) == FeedPosition(epoch=2, batch=2)
    assert FeedPosition().after(30, 10) == FeedPosition(epoch=3, batch=0)
