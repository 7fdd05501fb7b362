"""How products are rated, and what was said of them. The figures are asked for with every list, the words seldom, so
they are two projections and may lie in different stores."""

from __future__ import annotations

from collections.abc import Sequence

from domain.catalog.review import ReviewWritten, product_of
from domain.recorded import Recorded
from projections.projector import Index, Projection, Table, ViewRow


class RatingRow(ViewRow, frozen=True):
    """Of a product: how many reviews, and the sum of their ratings."""

    count: int
    total: int

    @property
    def average(self) -> float:
        """To two decimals."""
        return round(self.total / self.count, 2)


class ReviewRow(ViewRow, frozen=True):
    product_id: str
    account_id: str
    rating: int
    words: bytes
    created_at: int
    updated_at: int


def rating_keys(recorded: Recorded) -> Sequence[str]:
    return (product_of(recorded.stream),)


def review_key(product_id: str, account_id: str) -> str:
    return f"{product_id}.{account_id}"


def review_keys(recorded: Recorded) -> Sequence[str]:
    event: ReviewWritten = recorded.event
    return (review_key(product_of(recorded.stream), event.account_id),)


def rated(row: RatingRow | None, recorded: Recorded) -> RatingRow:
    event: ReviewWritten = recorded.event
    count, total = (row.count, row.total) if row else (0, 0)
    return RatingRow(count + (not event.before), total + event.rating - event.before)


def reviewed(row: ReviewRow | None, recorded: Recorded) -> ReviewRow:
    event: ReviewWritten = recorded.event
    since = row.created_at if row else event.at
    product_id = product_of(recorded.stream)
    return ReviewRow(product_id, event.account_id, event.rating, event.words, since, event.at)


RATING_ROWS = Table(name="ratings", row=RatingRow, folds={ReviewWritten: rated}, keys=rating_keys)
REVIEW_ROWS = Table(
    name="reviews",
    row=ReviewRow,
    folds={ReviewWritten: reviewed},
    keys=review_keys,
    indexes={"product": Index(lambda key, row: row.product_id, lambda key, row: row.updated_at)},
)
RATINGS = Projection("ratings", 1, (RATING_ROWS,))
REVIEWS = Projection("reviews", 1, (REVIEW_ROWS,))
