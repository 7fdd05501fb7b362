"""Products as the search index keeps them, for while the views are away.

Everything a shopper sees is as of the index's position but for one thing: of the stock it is known whether there is any
and whether it is nearly gone, so as many units are shown as there are at least.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from commands.store.port import EventLog
from projections.catalog.projector import PRODUCTS, ProductRow
from projections.shops.projector import SHOP_ROWS, ShopRow
from projections.views import ViewsUnavailable
from readapi.categories import Tree, tree_of
from readapi.languages import Told, Wanted
from readapi.pages import Card, Page, cards_of, encoded_pages
from readapi.products import Shops
from readapi.remembered import Remembered
from readapi.services import Catalog, Counted, FollowedSearch
from streams.assembly import OnSale
from streams.fromthelog import rows_of

PAGES_MAX = 2_000
_ID = re.compile(r"prd_\w{1,60}", re.ASCII)


class StandIn:
    """What it answers holds until the index changes, as searches do. All methods raise ViewsUnavailable."""

    def __init__(self, catalog: Catalog | None, indexer: FollowedSearch, log: EventLog) -> None:
        self._catalog = catalog
        self._log = log
        self._pages: Remembered[Told[Page] | None] = Remembered(lambda: indexer.generation, PAGES_MAX)
        self._cards: Remembered[list[Told[Card]]] = Remembered(lambda: indexer.generation, PAGES_MAX)
        self._trees: Remembered[Tree] = Remembered(lambda: indexer.generation, 1)

    @property
    def caches(self) -> Sequence[Counted]:
        return (self._pages, self._cards, self._trees)

    async def page(self, product_id: str, wanted: Wanted = ()) -> Page | None:
        """None for a product that does not exist."""
        if not _ID.fullmatch(product_id):
            return None
        pages = await self._pages.get(product_id.encode(), lambda: self._pages_of(product_id))
        return None if pages is None else pages.best(wanted)

    async def cards(self, product_ids: Sequence[str], wanted: Wanted = ()) -> list[Card]:
        """In the order asked for, without products that are not on sale (any more)."""
        found = await self._cards.get("\n".join(product_ids).encode(), lambda: self._cards_of(product_ids))
        return [cards.best(wanted) for cards in found]

    async def tree(self) -> Tree:
        return await self._trees.get(b"", self._tree)

    async def _pages_of(self, product_id: str) -> Told[Page] | None:
        one = (await self._there().on_sale((product_id,))).get(product_id) or await self._not_on_sale(product_id)
        if one is None:
            return None
        shop_ids = {seller.shop_id for seller in one.sellers}
        shops: dict[str, ShopRow] = await rows_of(self._log, SHOP_ROWS, shop_ids)
        return encoded_pages(one, Shops({shop_id: row.shop.name for shop_id, row in shops.items()}, {}))

    async def _not_on_sale(self, product_id: str) -> OnSale | None:
        """A product that is not in the index is discontinued, or a draft, or too new, or none. The log knows which."""
        rows: dict[str, ProductRow] = await rows_of(self._log, PRODUCTS, (product_id,))
        row = rows.get(product_id)
        if row is not None and row.published:
            raise ViewsUnavailable("the index has not got this product yet")
        return None if row is None or row.draft else OnSale(product_id, row, ())

    async def _cards_of(self, product_ids: Sequence[str]) -> list[Told[Card]]:
        found = await self._there().on_sale(product_ids) if product_ids else {}
        cards = [cards_of(found[product_id]) for product_id in product_ids if product_id in found]
        return [one for one in cards if one is not None]

    async def _tree(self) -> Tree:
        return tree_of(await self._there().categories())

    def _there(self) -> Catalog:
        if self._catalog is None:
            raise ViewsUnavailable("nothing else keeps products")
        return self._catalog
