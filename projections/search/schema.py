"""How a search document lies in a tantivy index.

Text to search in is analysed; everything that is filtered, counted or sorted by is also a column ("fast field").
Bump VERSION with every change here or in ``analysis.py``: an index of another version is thrown away and rebuilt.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import Any

import msgspec
import tantivy

from projections.search import analysis
from projections.search.document import SearchDocument

VERSION = 1

DEPTH = 6
"""Category levels that are counted as facets; deeper ones are found and filtered all the same."""
MAX_FACET_VALUE = 60
"""Characters; longer attribute values are prose, no facet."""
MAX_FACETS_PER_DOCUMENT = 80

PRODUCT, META = "product", "meta"
_NO_PRICE = 1 << 53


def build() -> tantivy.Schema:
    schema = tantivy.SchemaBuilder()
    schema.add_text_field("id", stored=True, tokenizer_name="raw", index_option="basic", fast=True)
    schema.add_text_field("label", stored=True, tokenizer_name="raw", index_option="basic")
    for name in ("kind", "brand_key", "category_key", "ships_to"):
        schema.add_text_field(name, tokenizer_name="raw", index_option="basic")
    for name in ("title", "brand_text", "category_text", "description", "attributes_text"):
        schema.add_text_field(name, tokenizer_name=analysis.STEMMED)
    schema.add_text_field("code", tokenizer_name=analysis.VERBATIM, index_option="basic")
    for name in ("brand", "attribute", *(level(depth) for depth in range(DEPTH))):
        schema.add_text_field(name, tokenizer_name="raw", index_option="basic", fast=True)
    for name in ("price", "price_up", "price_down", "newest", "tie", "position"):
        schema.add_integer_field(name, indexed=name in ("price", "tie"), fast=True)
    for name in ("rating", "rating_down"):
        schema.add_float_field(name, fast=True)
    schema.add_boolean_field("in_stock", indexed=True)
    return schema.build()


def level(depth: int) -> str:
    """The column that holds the first ``depth + 1`` steps of the category path."""
    return f"level{depth}"


def path_key(path: tuple[str, ...]) -> str:
    return "/".join(path)


def attribute_key(name: str, value: str | float | bool) -> str:
    return f"{name}\x1f{attribute_value(value)}"


def attribute_value(value: str | float | bool) -> str:
    """The text under which a value is shown and filtered: true, false, 17, 2.13 or the text itself."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value.strip()
    return f"{value:.10g}"


def tie(product_id: str) -> int:
    """An arbitrary but lasting order among products of equal rank: 53 bits, exact as a float too."""
    return int.from_bytes(blake2b(product_id.encode("utf-8", "replace"), digest_size=8).digest()) >> 11


def document_json(document: SearchDocument) -> str:
    """The document as tantivy's ``add_json`` takes it, the cheapest way over the language border."""
    path = document.category
    row: dict[str, Any] = {
        "id": document.product_id,
        "kind": PRODUCT,
        "tie": tie(document.product_id),
        "label": document.title,
        "title": document.title,
        "category_key": [path_key(path[: depth + 1]) for depth in range(len(path))],
        "category_text": list(path),
        "description": document.description,
        "attributes_text": [_words(name, value) for name, value in document.attributes.items()],
        "code": list(analysis.codes(document.title, *document.skus)),
        "attribute": _facet_values(document),
        "ships_to": list(document.ships_to),
        "in_stock": document.in_stock,
        "newest": document.created_at,
        "price_up": _NO_PRICE if document.price is None else document.price,
        "price_down": -1 if document.price is None else document.price,
        "rating_down": -1.0 if document.rating is None else float(document.rating),
    }
    for depth in range(min(len(path), DEPTH)):
        row[level(depth)] = path_key(path[: depth + 1])
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


def _json(row: dict[str, Any]) -> str:
    return msgspec.json.encode(row).decode()


def _words(name: str, value: str | float | bool) -> str:
    """An attribute as text: a yes/no attribute is searched by its name, any other by its value."""
    if isinstance(value, bool):
        return name.replace("_", " ") if value else ""
    return attribute_value(value)


def _facet_values(document: SearchDocument) -> list[str]:
    keys = (
        attribute_key(name, value)
        for name, value in document.attributes.items()
        if not isinstance(value, str) or 0 < len(value.strip()) <= MAX_FACET_VALUE
    )
    return [key for key, _ in zip(keys, range(MAX_FACETS_PER_DOCUMENT), strict=False)]
