"""Ratings of a shop by those who had something delivered from it. Stream ``srt_…`` with the shop's own number: one
rating an account.

What is shown is rounded, so that it changes seldom: every page that shows the shop's offers shows it.
"""

from __future__ import annotations

from typing import NamedTuple

from domain.decider import Command, Decider, Event, State
from domain.errors import Invalid, LimitExceeded

RATING_MAX = 5
RATERS_MAX = 50_000
"""Of one shop; the state remembers some 60 bytes of each."""


class SellerRated(Event, frozen=True):
    account_id: str
    rating: int
    at: int
    count: int
    """Of all ratings, this one included."""
    total: int
    """Their sum."""
    before: int = 0
    """The rating that this one takes the place of; 0 for the account's first."""


class RateSeller(Command, frozen=True):
    ratings_id: str
    account_id: str
    rating: int
    at: int


class SellerRatings(State, frozen=True):
    ratings: dict[str, int] = {}
    """By account."""
    total: int = 0


class Standing(NamedTuple):
    """What is shown: the mean to one decimal, and how many there are, beyond a hundred to two digits."""

    average: float
    ratings: int


def ratings_of(shop_id: str) -> str:
    """The stream of a shop's ratings."""
    return "srt_" + shop_id.removeprefix("shp_")


def shop_of(ratings_id: str) -> str:
    return "shp_" + ratings_id.removeprefix("srt_")


def standing(count: int, total: int) -> Standing | None:
    """None while there are none."""
    if not count:
        return None
    digits = max(0, len(str(count)) - 2) if count > 100 else 0
    return Standing(round(total / count, 1), count // 10**digits * 10**digits)


def changes_standing(event: SellerRated) -> bool:
    count = event.count - (not event.before)
    return standing(count, event.total - event.rating + event.before) != standing(event.count, event.total)


def rate_seller(command: RateSeller, state: SellerRatings) -> list[Event]:
    """Whether the account may is for the caller to know: the shop delivered something to it."""
    if not 1 <= command.rating <= RATING_MAX:
        raise Invalid(f"a rating is 1 to {RATING_MAX}", "/rating")
    before = state.ratings.get(command.account_id, 0)
    if before == command.rating:
        return []
    count = len(state.ratings) + (not before)
    if count > RATERS_MAX:
        raise LimitExceeded(f"a shop has at most {RATERS_MAX} ratings", limit=RATERS_MAX)
    total = state.total + command.rating - before
    return [SellerRated(command.account_id, command.rating, command.at, count, total, before)]


def seller_rated(state: SellerRatings, event: SellerRated) -> SellerRatings:
    return SellerRatings({**state.ratings, event.account_id: event.rating}, event.total)


SELLER_RATINGS = Decider(
    name="seller_ratings",
    initial=SellerRatings(),
    states=SellerRatings,
    decisions={RateSeller: rate_seller},
    evolutions={SellerRated: seller_rated},
)
