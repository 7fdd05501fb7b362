"""What the index gives back of a product: just enough to answer without another store."""

from __future__ import annotations

import base64
from collections.abc import Iterable

import msgspec
import tantivy

from projections.search.attributes import Pairs
from projections.search.translations import Titles


class Stored(msgspec.Struct, frozen=True, array_like=True):
    product_id: str
    title: str
    attributes: Pairs
    """Those that are counted as facets, in the text they are shown as."""
    titles: Titles = ()
    """In all its languages, if there are several."""


class Headline(msgspec.Struct, frozen=True, array_like=True):
    """The beginning of ``Stored``, which is cheaper to read than all of it."""

    product_id: str
    title: str


def encode(product: Stored) -> str:
    """As the engine's JSON takes bytes."""
    return base64.b64encode(msgspec.json.encode(product)).decode()


_decoder = msgspec.json.Decoder(Stored)
_headlines = msgspec.json.Decoder(Headline)


def read(searcher: tantivy.Searcher, address: tantivy.DocAddress) -> Stored:
    return _decoder.decode(_told(searcher, address))


def headline(searcher: tantivy.Searcher, address: tantivy.DocAddress) -> Headline:
    return _headlines.decode(_told(searcher, address))


def _told(searcher: tantivy.Searcher, address: tantivy.DocAddress) -> bytes:
    return bytes(searcher.doc(address).get_first("stored") or b'["","",[]]')


class Ids:
    """Remembers which product a tie number (``row.tie``) is of: a page needs no more of most products, and reading one
    costs as much as finding it. Safe to share between threads: entries are only added, or all forgotten."""

    MAXIMUM = 50_000
    """About 8 MB."""

    def __init__(self) -> None:
        self._known: dict[int, str] = {}

    def learn(self, number: int, product_id: str) -> None:
        self._known[number] = product_id

    def of(self, searcher: tantivy.Searcher, hits: Iterable[tuple[int, tantivy.DocAddress]]) -> list[str]:
        """Of products by their tie numbers, in order; the addresses say where those lie that are not known."""
        known, found = self._known, []
        for number, address in hits:
            product_id = known.get(number)
            if product_id is None:
                product_id = known[number] = headline(searcher, address).product_id
            found.append(product_id)
        if len(known) > self.MAXIMUM:
            self._known = {}
        return found
