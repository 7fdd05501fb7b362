"""How a search document lies in a tantivy index.

Text to search in is analysed; everything that is filtered, counted or sorted by is also a column ("fast field").
Bump VERSION with every change here or in ``analysis.py``: an index of another version is thrown away and rebuilt.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from hashlib import blake2b
from itertools import islice
from typing import Any, NamedTuple

import msgspec
import tantivy

from projections.search import analysis, attributes, stored
from projections.search.document import SearchDocument
from projections.search.stored import Stored

VERSION = 2

DEPTH = 6
"""Category levels that are counted as facets; deeper ones are found and filtered all the same."""
MAX_FACET_VALUE = 60
"""Characters; longer attribute values are prose, no facet."""
MAX_FACETS = 80
"""Attributes of one product that are counted."""

PRODUCT, META = "product", "meta"
_NO_PRICE = 1 << 53


def build() -> tantivy.Schema:
    schema = tantivy.SchemaBuilder()
    schema.add_text_field("id", tokenizer_name="raw", index_option="basic", fast=True)
    schema.add_bytes_field("stored", stored=True)
    for name in ("kind", "brand_key", "category_key", "ships_to"):
        schema.add_text_field(name, tokenizer_name="raw", index_option="basic")
    for name in ("title", "brand_text", "category_text", "description", "attributes_text"):
        schema.add_text_field(name, tokenizer_name=analysis.STEMMED)
    schema.add_text_field("leaf", tokenizer_name="raw", index_option="basic")
    schema.add_text_field("code", tokenizer_name=analysis.VERBATIM, index_option="basic")
    for name in ("brand", *(level(depth) for depth in range(DEPTH))):
        schema.add_text_field(name, tokenizer_name="raw", index_option="basic", fast=True)
    for name in ("price", "price_up", "price_down", "newest", "tie", "attribute", "position"):
        schema.add_integer_field(name, indexed=name == "attribute", fast=True)
    for name in ("rating", "rating_down"):
        schema.add_float_field(name, fast=True)
    schema.add_boolean_field("in_stock", indexed=True)
    return schema.build()


def level(depth: int) -> str:
    """The column that holds the first ``depth + 1`` steps of the category path."""
    return f"level{depth}"


def path_key(path: tuple[str, ...]) -> str:
    return "/".join(path)


def leaf_key(words: Sequence[str]) -> str:
    """A category's own name, whatever its grammatical number: the kind of thing that a product is."""
    return " ".join(map(analysis.stem, words))


def tie(product_id: str) -> int:
    """An arbitrary but lasting order among products of equal rank: 53 bits, exact as a float too."""
    return int.from_bytes(blake2b(product_id.encode("utf-8", "replace"), digest_size=8).digest()) >> 11


class Place(NamedTuple):
    """A category path as it is filtered, counted and searched by."""

    keys: list[str]
    levels: dict[str, str]
    leaf: str


def document_json(document: SearchDocument) -> str:
    """The document as tantivy's ``add_json`` takes it, the cheapest way over the language border."""
    place = _place(document.category)
    words, facets = _attributes(document)
    row: dict[str, Any] = {
        "id": document.product_id,
        "kind": PRODUCT,
        "tie": tie(document.product_id),
        "stored": stored.encode(Stored(document.product_id, document.title, facets)),
        "title": document.title,
        "category_key": place.keys,
        "category_text": document.category,
        "description": document.description,
        "attributes_text": words,
        "code": list(analysis.codes(document.title, *document.skus)),
        "attribute": attributes.codes(facets),
        "ships_to": document.ships_to,
        "in_stock": document.in_stock,
        "newest": document.created_at,
        "price_up": _NO_PRICE if document.price is None else document.price,
        "price_down": -1 if document.price is None else document.price,
        "rating_down": -1.0 if document.rating is None else float(document.rating),
        **place.levels,
    }
    if document.category:
        row["leaf"] = place.leaf
    if document.brand:
        row |= {"brand": document.brand, "brand_key": document.brand.casefold(), "brand_text": document.brand}
    if document.price is not None:
        row["price"] = document.price
    if document.rating is not None:
        row["rating"] = float(document.rating)
    return _json(row)


def meta_json(position: int) -> str:
    """The one document that is no product: it carries the position and is committed with the products."""
    return _json({"kind": META, "position": position})


_encode = msgspec.json.Encoder().encode


def _json(row: dict[str, Any]) -> str:
    return _encode(row).decode()


def _attributes(document: SearchDocument) -> tuple[list[str], dict[str, str]]:
    """Texts to search in, and the attributes to count, in the text they are shown as.

    A yes/no attribute is searched by its name, any other by its value. In one pass, because a product has dozens;
    remembering what was seen before costs as much as it saves.
    """
    words: list[str] = []
    shown: dict[str, str] = {}
    for name, value in document.attributes.items():
        if value.__class__ is str:
            words.append(text := value.strip())
        elif value.__class__ is bool:
            words.append(name.replace("_", " ") if value else "")
            text = "true" if value else "false"
        else:
            words.append(text := attributes.text(value))
        if 0 < len(text) <= MAX_FACET_VALUE:
            shown[name] = text
    return words, shown if len(shown) <= MAX_FACETS else dict(islice(shown.items(), MAX_FACETS))


@lru_cache(2_048)
def _place(path: tuple[str, ...]) -> Place:
    keys = [path_key(path[: depth + 1]) for depth in range(len(path))]
    levels = {level(depth): key for depth, key in enumerate(keys[:DEPTH])}
    return Place(keys, levels, leaf_key(analysis.words(path[-1])) if path else "")
