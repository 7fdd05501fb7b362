"""How shops are rated, as it is shown: a row changes when that does, and not with every rating. And what each buyer
gave them; of those there are as many as buyers, so they may lie in another store."""

from __future__ import annotations

from collections.abc import Sequence

from domain.recorded import Recorded
from domain.sellers.sellerrating import SellerRated, changes_standing, shop_of, standing
from projections.projector import Projection, Table, ViewRow


class SellerRatingRow(ViewRow, frozen=True):
    average: float
    count: int


def rating_keys(recorded: Recorded) -> Sequence[str]:
    event: SellerRated = recorded.event
    return (shop_of(recorded.stream),) if changes_standing(event) else ()


def rated(row: SellerRatingRow | None, recorded: Recorded) -> SellerRatingRow | None:
    event: SellerRated = recorded.event
    now = standing(event.count, event.total)
    return None if now is None else SellerRatingRow(now.average, now.ratings)


SELLER_RATING_ROWS = Table(name="seller_ratings", row=SellerRatingRow, folds={SellerRated: rated}, keys=rating_keys)
SELLER_RATINGS = Projection("seller_ratings", 1, (SELLER_RATING_ROWS,))


class GivenRatingRow(ViewRow, frozen=True):
    """What an account gave a shop."""

    shop_id: str
    rating: int


def given_key(shop_id: str, account_id: str) -> str:
    return f"{shop_id}.{account_id}"


def given_keys(recorded: Recorded) -> Sequence[str]:
    event: SellerRated = recorded.event
    return (given_key(shop_of(recorded.stream), event.account_id),)


def given_rating(row: GivenRatingRow | None, recorded: Recorded) -> GivenRatingRow:
    event: SellerRated = recorded.event
    return GivenRatingRow(shop_of(recorded.stream), event.rating)


GIVEN_RATING_ROWS = Table(name="given_ratings", row=GivenRatingRow, folds={SellerRated: given_rating}, keys=given_keys)
GIVEN_RATINGS = Projection("given_ratings", 1, (GIVEN_RATING_ROWS,))
