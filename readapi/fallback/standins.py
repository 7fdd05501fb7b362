"""Products as the search index keeps them, for while the views are away.

Everything a shopper sees is as of the index's position but for two things. Of the stock it is known whether there is
any and whether it is nearly gone, so as many units are shown as there are at least. And offers are as the log has them
when a page is made, so that no price is older than one that the views have shown; nor are the views shown again before
they have got so far. Prices that begin and end by themselves do so all the same.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Generic, NamedTuple, TypeVar

from commands.store.port import EventLog
from projections.catalog.projector import PRODUCTS, ProductRow
from projections.shops.projector import SHOP_ROWS, ShopRow
from projections.views import ViewsUnavailable
from readapi.caching.pages import NEVER, Card, Page, cards_of, encoded_pages, price_until
from readapi.caching.remembered import Remembered
from readapi.edge.ids import is_id
from readapi.services import Catalog, Counted, FollowedSearch
from readapi.shown.categories import Tree, tree_of
from readapi.shown.languages import InLanguages, Wanted
from readapi.shown.products import Shops
from streams.indexing.assembly import OnSale
from streams.standins.changedoffers import ChangedOffers
from streams.standins.fromthelog import rows_of

PAGES_MAX = 2_000
T = TypeVar("T")


class Lasting(NamedTuple, Generic[T]):
    answer: T
    until: int
    """When a price on it begins or ends by itself (ms)."""


class StandIn:
    """What it answers holds until the index or a price changes, or the views were shown again. All methods raise
    ViewsUnavailable; pages and cards StorageUnavailable."""

    def __init__(
        self, catalog: Catalog | None, indexer: FollowedSearch, log: EventLog, clock: Callable[[], int]
    ) -> None:
        """``clock`` gives milliseconds since 1970."""
        self._catalog = catalog
        self._indexer = indexer
        self._log = log
        self._clock = clock
        self._changed = ChangedOffers(log)
        self._stood_in = False
        self._turns = 0
        self._pages: Remembered[Lasting[InLanguages[Page] | None]] = Remembered(self._generation, PAGES_MAX)
        self._cards: Remembered[Lasting[list[InLanguages[Card]]]] = Remembered(self._generation, PAGES_MAX)
        self._trees: Remembered[Tree] = Remembered(lambda: indexer.generation, 1)

    @property
    def caches(self) -> Sequence[Counted]:
        return (self._pages, self._cards, self._trees)

    def check(self, position: int) -> None:
        """Raises ViewsUnavailable for views of this position if something newer was shown instead of them."""
        if position < self._changed.position:
            raise ViewsUnavailable("they do not show yet what was shown instead of them")

    def step_back(self) -> None:
        """The views have shown something: what is remembered here is older than that, perhaps."""
        if self._stood_in:
            self._stood_in = False
            self._turns += 1
            self._changed.look_again()

    async def page(self, product_id: str, wanted: Wanted = ()) -> Page | None:
        """None for a product that does not exist."""
        if not is_id("product", product_id):
            return None
        self._stood_in = True
        pages, _ = await self._pages.get(product_id.encode(), lambda: self._pages_of(product_id), self._lasts)
        return None if pages is None else pages.best(wanted)

    async def cards(self, product_ids: Sequence[str], wanted: Wanted = ()) -> list[Card]:
        """In the order asked for, without products that are not on sale (any more)."""
        self._stood_in = True
        key = "\n".join(product_ids).encode()
        found, _ = await self._cards.get(key, lambda: self._cards_of(product_ids), self._lasts)
        return [cards.best(wanted) for cards in found]

    async def tree(self) -> Tree:
        return await self._trees.get(b"", self._tree)

    def _lasts(self, made: Lasting[Any]) -> bool:
        return self._clock() < made.until

    async def _pages_of(self, product_id: str) -> Lasting[InLanguages[Page] | None]:
        one = (await self._on_sale((product_id,))).get(product_id) or await self._not_on_sale(product_id)
        if one is None:
            return Lasting(None, NEVER)
        shop_ids = {seller.shop_id for seller in one.sellers}
        shops: dict[str, ShopRow] = await rows_of(self._log, SHOP_ROWS, shop_ids)
        names = {shop_id: row.shop.name for shop_id, row in shops.items()}
        return Lasting(encoded_pages(one, Shops(names, {})), price_until(one))

    async def _not_on_sale(self, product_id: str) -> OnSale | None:
        """A product that is not in the index is discontinued, or a draft, or too new, or none. The log knows which."""
        rows: dict[str, ProductRow] = await rows_of(self._log, PRODUCTS, (product_id,))
        row = rows.get(product_id)
        if row is not None and row.published:
            raise ViewsUnavailable("the index has not got this product yet")
        return None if row is None or row.draft else OnSale(product_id, row, ())

    async def _cards_of(self, product_ids: Sequence[str]) -> Lasting[list[InLanguages[Card]]]:
        found = await self._on_sale(product_ids) if product_ids else {}
        cards = [cards_of(found[product_id]) for product_id in product_ids if product_id in found]
        until = min(map(price_until, found.values()), default=NEVER)
        return Lasting([one for one in cards if one is not None], until)

    async def _on_sale(self, product_ids: Sequence[str]) -> dict[str, OnSale]:
        since = self._indexer.position  # and not later: its copies may be newer, and are then changed to what they are
        found = await self._there().on_sale(product_ids)
        return await self._changed.put_on(found, since, self._clock())

    def _generation(self) -> int:
        """Both numbers only grow."""
        return self._indexer.generation + self._turns

    async def _tree(self) -> Tree:
        return tree_of(await self._there().categories())

    def _there(self) -> Catalog:
        if self._catalog is None:
            raise ViewsUnavailable("nothing else keeps products")
        return self._catalog
