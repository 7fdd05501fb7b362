"""Pages of categories as ready bytes: put together when one of their parts is another than before, and kept.

Parts are what is cached already, the tree, what was found, and the cards of that, so a page is never older than they
are. What is found is renewed by itself when the index changes (``remembered.py``).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from readapi.shown.categories import Path, Tree, category_head, digest_tag, unnamed
from readapi.shown.categorytitles import Named

BYTES_MAX = 32 << 20
Key = tuple[Path, tuple[str, ...], int]
"""A category, the languages that its products are told in, and by which names."""


class Rendered(NamedTuple):
    """Answers as bytes, and what they were made of: while that is the same object, they are still true."""

    tree: Tree
    named: Named | None
    listing: bytes
    body: bytes
    etag: str

    @property
    def size(self) -> int:
        return len(self.listing) + len(self.body)


class CategoryPages:
    """The least recently asked for make room."""

    def __init__(self, bytes_max: int = BYTES_MAX) -> None:
        self._bytes_max = bytes_max
        self._bytes = 0
        self._pages: OrderedDict[Key, Rendered] = OrderedDict()
        self.hits = self.misses = 0

    def page(
        self, path: Path, languages: Sequence[str], tree: Tree, listing: bytes, named: Named | None = None
    ) -> Rendered:
        """``languages`` of the products that it lists. Raises NotFound."""
        key = (path, tuple(languages), id(named))
        known = self._pages.get(key)
        if known is not None and known.tree is tree and known.named is named and known.listing == listing:
            self._pages.move_to_end(key)
            self.hits += 1
            return known
        self.misses += 1
        head = category_head(tree, path, named.category if named else unnamed)
        body = msgspec.json.encode({**head, "products": msgspec.Raw(listing)})
        return self._keep(key, Rendered(tree, named, listing, body, digest_tag(body)))

    def _keep(self, key: Key, page: Rendered) -> Rendered:
        before = self._pages.pop(key, None)
        self._bytes += page.size - (before.size if before else 0)
        self._pages[key] = page
        while self._bytes > self._bytes_max:
            self._bytes -= self._pages.popitem(last=False)[1].size
        return page
