"""Reviews of a product by those who bought it. Stream ``rvw_…`` with the product's own number: one review an account.

All reviews of a product are one stream, so that one row can say how it is rated, whatever store keeps it. The words are
sealed with the author's key: they go with the person, and the rating stays, which nobody can be recognised by.
"""

from __future__ import annotations

from domain.decider import Command, Decider, Event, State
from domain.errors import Invalid, LimitExceeded

RATING_MAX = 5
REVIEWS_MAX = 50_000
"""Of one product; the state remembers some 60 bytes of each."""


class ReviewWritten(Event, frozen=True):
    account_id: str
    rating: int
    at: int
    words: bytes = b""
    """Title and text, sealed with the author's key."""
    before: int = 0
    """The rating that this one takes the place of; 0 for the account's first."""


class WriteReview(Command, frozen=True):
    reviews_id: str
    account_id: str
    rating: int
    at: int
    words: bytes = b""


class Reviews(State, frozen=True):
    ratings: dict[str, int] = {}
    """By account."""


def reviews_of(product_id: str) -> str:
    """The stream of a product's reviews."""
    return "rvw_" + product_id.removeprefix("prd_")


def product_of(reviews_id: str) -> str:
    return "prd_" + reviews_id.removeprefix("rvw_")


def write_review(command: WriteReview, state: Reviews) -> list[Event]:
    """Whether the account may is for the caller to know: it bought the product."""
    if not 1 <= command.rating <= RATING_MAX:
        raise Invalid(f"a rating is 1 to {RATING_MAX}", "/rating")
    before = state.ratings.get(command.account_id, 0)
    if not before and len(state.ratings) >= REVIEWS_MAX:
        raise LimitExceeded(f"a product has at most {REVIEWS_MAX} reviews", limit=REVIEWS_MAX)
    return [ReviewWritten(command.account_id, command.rating, command.at, command.words, before)]


def review_written(state: Reviews, event: ReviewWritten) -> Reviews:
    return Reviews({**state.ratings, event.account_id: event.rating})


REVIEWS = Decider(
    name="reviews",
    initial=Reviews(),
    states=Reviews,
    decisions={WriteReview: write_review},
    evolutions={ReviewWritten: review_written},
)
