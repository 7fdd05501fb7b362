"""A feed for each account: what it buys again and again, what goes with what it bought and wished, then what sells."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from domain.buyers.wishlist import wishlist_of
from domain.catalog.affinity import Scored, blended
from projections.purchases.projector import BASKET_ROWS
from projections.views import Views
from projections.wishlists.projector import WISH_ROWS
from streams.discovery.affinities import Affinities, Remembered

ORDERS_MAX = 20
WISHES_MAX = 20
SEEDS_MAX = 30
"""Things bought or wished, of which it is asked what goes with them."""
FEED_MAX = 100
REMEMBERED_MAX = 1_000
REMEMBERED_MS = 60_000


class Suggested(NamedTuple):
    product_id: str
    because: str
    """The product, bought or wished, with which it goes best; itself if bought again; empty if it only sells."""


class Feeds:
    """Raises ViewsUnavailable. Shares what is known of products with whoever else asks."""

    def __init__(
        self, views: Views, affinities: Affinities, clock: Callable[[], int], reached: Callable[[], int]
    ) -> None:
        """``reached`` gives the position that the views of purchases, wishes and products show at least."""
        self._views = views
        self._affinities = affinities
        self._feeds: Remembered[list[Suggested]] = Remembered(clock, reached, REMEMBERED_MS, REMEMBERED_MAX)

    @property
    def remembered(self) -> Remembered[list[Suggested]]:
        return self._feeds

    async def of(self, account_id: str, position: int = 0) -> list[Suggested]:
        """FEED_MAX at most. ``position`` is what it must show at least of the account's own doing."""
        return await self._feeds.get(account_id, position, lambda: self._made_for(account_id))

    async def _made_for(self, account_id: str) -> list[Suggested]:
        orders, times = await self._bought(account_id)
        wishlist = wishlist_of(account_id)
        listed = await self._views.listed(WISH_ROWS.name, "wishlist", wishlist, limit=WISHES_MAX, backwards=True)
        wished = [entry.row.product_id for entry in listed]
        seeds = list(dict.fromkeys([*wished, *times]))[:SEEDS_MAX]
        rankings = {seed: await self._affinities.bought_with(seed) for seed in seeds}
        again = bought_again(times, orders, blended(rankings.values()))
        reasons = best_reasons(rankings) | {one.product_id: one.product_id for one in again}
        # What was bought once is hardly wanted once more, and what is wished stands on the wishlist.
        known = {*wished, *(times.keys() - {one.product_id for one in again})}
        found = [
            Suggested(one.product_id, reasons[one.product_id])
            for one in blended([*rankings.values(), again])
            if one.product_id not in known
        ]
        shown = known | {one.product_id for one in found}
        popular = (await self._affinities.popular()).categories
        return [*found, *(Suggested(key, "") for key in popular if key not in shown)][:FEED_MAX]

    async def _bought(self, account_id: str) -> tuple[int, dict[str, int]]:
        """How many of the newest orders were looked at, and in how many of them each product is, the newest first."""
        found = await self._views.listed(BASKET_ROWS.name, "account", account_id, limit=ORDERS_MAX, backwards=True)
        return len(found), dict(Counter(product_id for entry in found for product_id in entry.row.products))


def bought_again(times: Mapping[str, int], orders: int, others: Sequence[Scored]) -> list[Scored]:
    """What is in two or more of an account's orders, as high as the best of the others if it is in all of them."""
    best = others[0].score if others else 1.0
    return [Scored(product_id, best * often / orders) for product_id, often in times.items() if often > 1]


def best_reasons(rankings: Mapping[str, Sequence[Scored]]) -> dict[str, str]:
    """For each product that goes with any of the seeds, the seed with which it goes best."""
    best: dict[str, tuple[float, str]] = {}
    for seed, ranking in rankings.items():
        for product_id, score in ranking:
            if product_id not in best or score > best[product_id][0]:
                best[product_id] = (score, seed)
    return {product_id: seed for product_id, (_, seed) in best.items()}
