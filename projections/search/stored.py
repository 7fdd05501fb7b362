"""What the index gives back of a product: just enough to answer without another store."""

from __future__ import annotations

import base64
from hashlib import blake2b

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
    return _decoder.decode(_bytes_at(searcher, address))


def _bytes_at(searcher: tantivy.Searcher, address: tantivy.DocAddress) -> bytes:
    return bytes(searcher.doc(address).get_first("stored") or b'["","",[]]')


def headline_code(product_id: str, title: str) -> int:
    """Stands for a headline: 63 bits, as much as the engine's integers hold."""
    headline = msgspec.json.encode((product_id, title))
    return int.from_bytes(blake2b(headline, digest_size=8).digest()) >> 1


class Headlines:
    """Remembers what headlines their codes stand for: reading one costs as much as finding it, and what is at the front
    of one search is at the front of others. Safe to share between threads: entries are only added, or all forgotten."""

    MAXIMUM = 30_000
    """About 12 MB."""

    def __init__(self) -> None:
        self._known: dict[int, Headline] = {}

    def of(self, searcher: tantivy.Searcher, addresses: list[tantivy.DocAddress]) -> list[Headline]:
        """Of the products that lie there, in order."""
        known, found = self._known, []
        for value, address in zip(searcher.fast_field_values("headline", addresses), addresses, strict=True):
            code = int(value or 0)
            headline = known.get(code)
            if headline is None:
                headline = known[code] = _headlines.decode(_bytes_at(searcher, address))
            found.append(headline)
        if len(known) > self.MAXIMUM:
            self._known = {}
        return found
