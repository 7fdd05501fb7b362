"""What the index gives back of a product: just enough to answer without another store."""

from __future__ import annotations

import base64

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
