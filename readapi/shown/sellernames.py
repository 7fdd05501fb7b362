"""The names of shops beside their ids in the facet of sellers.

A search is answered from an index that knows ids alone; what a shop calls itself is looked up when the list is shown.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

import msgspec

from projections.shops.projector import ShopRow
from projections.views import Views, ViewsUnavailable

REMEMBERED_MS = 30_000
"""So long a shop may be shown by the name that it had."""
REMEMBERED_MAX = 10_000
_NONE = msgspec.Raw(b"[]")


class SellerBucket(msgspec.Struct):
    value: str
    count: int
    name: str | None = None
    """None while it is not known."""


class _Facets(msgspec.Struct):
    """Those of a search as they are kept, in JSON; only sellers are looked into."""

    category: msgspec.Raw = _NONE
    brand: msgspec.Raw = _NONE
    price: msgspec.Raw = _NONE
    rating: msgspec.Raw = _NONE
    availability: msgspec.Raw = _NONE
    seller: list[SellerBucket] = []
    attributes: msgspec.Raw = msgspec.Raw(b"{}")


_decode = msgspec.json.Decoder(_Facets).decode
_encode = msgspec.json.Encoder().encode


class SellerNames:
    """``clock`` gives milliseconds since 1970."""

    def __init__(self, views: Views, clock: Callable[[], int]) -> None:
        self._views = views
        self._clock = clock
        self._known: OrderedDict[str, tuple[int, str]] = OrderedDict()
        self.hits = self.misses = 0

    async def beside(self, facets: bytes, fresh: bool = False) -> bytes:
        """The facets (JSON) with the names of their sellers; ``fresh`` believes nothing that was heard before. While
        the views are away there are only names that are known."""
        found = _decode(facets)
        names = await self._names([bucket.value for bucket in found.seller], fresh)
        for bucket in found.seller:
            bucket.name = names.get(bucket.value)
        return _encode(found)

    async def _names(self, shop_ids: Sequence[str], fresh: bool) -> Mapping[str, str]:
        since = self._clock() - REMEMBERED_MS
        known = {shop_id: self._known[shop_id] for shop_id in shop_ids if shop_id in self._known}
        asked = [one for one in shop_ids if fresh or one not in known or known[one][0] <= since]
        self.misses += len(asked)
        self.hits += len(shop_ids) - len(asked)
        names = {shop_id: name for shop_id, (_, name) in known.items()}
        if asked:
            with suppress(ViewsUnavailable):
                names |= await self._ask(asked)
        return names

    async def _ask(self, shop_ids: Sequence[str]) -> dict[str, str]:
        rows: dict[str, ShopRow] = await self._views.get_many("shops", shop_ids)
        names = {shop_id: row.shop.name for shop_id, row in rows.items()}
        for shop_id, name in names.items():
            self._known[shop_id] = (self._clock(), name)
            self._known.move_to_end(shop_id)
        while len(self._known) > REMEMBERED_MAX:
            self._known.popitem(last=False)
        return names
