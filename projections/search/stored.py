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


def encode(product: Stored) -> str:
    """As the engine's JSON takes bytes."""
    return base64.b64encode(msgspec.json.encode(product)).decode()


_decoder = msgspec.json.Decoder(Stored)


def read(searcher: tantivy.Searcher, address: tantivy.DocAddress) -> Stored:
    return _decoder.decode(bytes(searcher.doc(address).get_first("stored") or b'["","",[]]'))
