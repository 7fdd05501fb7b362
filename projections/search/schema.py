"""How a search document lies in a tantivy index.

Text to search in is analysed; everything that is filtered, counted or sorted by is also a column ("fast field").
Bump VERSION with every change here, in ``row.py`` or in ``analysis.py``: an index of another version is thrown away and
rebuilt.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

import msgspec
import tantivy

from projections.search import analysis, attributes, destinations, row, stored, translations
from projections.search.document import SearchDocument
from projections.search.port import Walk
from projections.search.stored import Stored

VERSION = 7

PRODUCT, META = "product", "meta"
ANYWHERE, THERE = "anywhere", "there"
"""Kinds of entries of a product that costs not the same everywhere: one for whoever does not say where it is to go,
and one for each price."""
_NO_PRICE = 1 << 53


def build() -> tantivy.Schema:
    schema = tantivy.SchemaBuilder()
    schema.add_text_field("id", tokenizer_name="raw", index_option="basic", fast=True)
    schema.add_bytes_field("stored", stored=True)
    for name in ("kind", "brand_key", "category_key", "ships_to", "stocked", "standing", "to", "but"):
        schema.add_text_field(name, tokenizer_name="raw", index_option="basic")
    for name in ("title", "brand_text", "category_text", "description", "attributes_text"):
        schema.add_text_field(name, tokenizer_name=analysis.STEMMED)
    for name in translations.FIELDS:
        schema.add_text_field(name, tokenizer_name=analysis.TERMS)
    schema.add_text_field("leaf", tokenizer_name="raw", index_option="basic")
    schema.add_text_field("code", tokenizer_name=analysis.VERBATIM, index_option="basic")
    for name in ("brand", "seller", *(row.level(depth) for depth in range(row.DEPTH))):
        schema.add_text_field(name, tokenizer_name="raw", index_option="basic", fast=True)
    for name in ("price", "price_up", "price_down", "newest", "tie", "headline", "attribute", "position"):
        schema.add_integer_field(name, indexed=name == "attribute", fast=True)
    for name in ("rating", "rating_down"):
        schema.add_float_field(name, fast=True)
    schema.add_boolean_field("in_stock", indexed=True)
    return schema.build()


def entries_json(document: SearchDocument) -> Iterator[str]:
    """The document as tantivy's ``add_json`` takes it, the cheapest way over the language border."""
    columns = _columns(document)
    if not document.prices_to:
        yield _json(columns)
        return
    yield _json(columns | {"kind": ANYWHERE})
    for price, countries, others in destinations.entries(document):
        there = {"kind": THERE, "to": countries, "but": others, "price": price, "price_up": price, "price_down": price}
        yield _json(columns | there)


def _columns(document: SearchDocument) -> dict[str, Any]:
    columns, shown = row.columns(document)
    told = stored.encode(Stored(document.product_id, document.title, shown, row.titles(document)))
    columns |= {
        "id": document.product_id,
        "kind": PRODUCT,
        "stored": told,
        "headline": stored.headline_code(document.product_id, document.title),
        "attribute": attributes.codes(shown),
        "price_up": _NO_PRICE if document.price is None else document.price,
        "price_down": -1 if document.price is None else document.price,
        "rating_down": -1.0 if document.rating is None else float(document.rating),
    }
    return columns


def meta_json(position: int, walk: Walk | None = None) -> str:
    """The one document that is no product: it carries the position and is committed with the products."""
    meta = {"kind": META, "position": position}
    return _json(meta if walk is None else meta | {"stored": base64.b64encode(_encode(walk)).decode()})


def walk_of(stored: bytes | None) -> Walk | None:
    return msgspec.json.decode(stored, type=Walk) if stored else None


_encode = msgspec.json.Encoder().encode


def _json(row: dict[str, Any]) -> str:
    return _encode(row).decode()
