"""How a search document lies in an Elasticsearch index: analysers, fields, and the document as it is sent.

Every field is named here and unknown ones are refused, so no document ever changes the mapping. Attributes, whose kinds
differ from seller to seller, are no fields: each is one number for its name and value (``attributes.code``) to count
and filter by, its text to search in, and name and text to show. A number here and a text there cannot conflict.
Bump VERSION with every change here, in ``row.py`` or in ``analysis.py``: an index of another version is not looked at.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import msgspec

from projections.search import attributes, row, translations
from projections.search.document import SearchDocument
from projections.search.elastic import destinations
from projections.search.port import MAX_LIMIT, MAX_OFFSET
from projections.search.query import SHORTEST_PREFIX

VERSION = 8

STATE_ID = "kontor:state"
"""The one document that is no product: it carries the position."""
PRODUCT, STATE = "product", "state"
KEPT = "kept"
ID, TITLE = "id", "title.whole"
"""Columns that hits are told from: a document as it was sent is kilobytes, to be read and taken apart for each hit."""

STEMMED, PLAIN, BEGINNINGS = "kontor_stemmed", "kontor_plain", "kontor_beginnings"
CODE, CODE_BEGINNINGS = "kontor_code", "kontor_code_beginnings"
TERMS = "kontor_terms"
_PREFIX_MIN, _PREFIX_MAX = 1, 20
_LONGEST_TERM = 40
"""Letters; longer ones are no words, nor part numbers."""
_ODD_SPACES = ["\u00a0", "\u2007", "\u202f", "\u200b", "\u2060", "\ufeff", "\u00ad"]
"""Between words, but no white space to Java."""


@cache
def index_settings() -> dict[str, Any]:
    """Refreshed by commits only, so that nothing shows before its position."""
    return {
        "number_of_shards": 1,
        "auto_expand_replicas": "0-1",
        "refresh_interval": "-1",
        "max_result_window": MAX_OFFSET + MAX_LIMIT + 1,
        "analysis": _analysis(),
    }


def _analysis() -> dict[str, Any]:
    words = ["kontor_length", "lowercase", "asciifolding"]
    tokenizer = {"type": "char_group", "tokenize_on_chars": ["whitespace", "punctuation", "symbol", *_ODD_SPACES]}
    filters = {
        "kontor_length": {"type": "length", "min": 1, "max": _LONGEST_TERM},
        "kontor_english": {"type": "stemmer", "language": "porter2"},
        "kontor_beginnings": {"type": "edge_ngram", "min_gram": _PREFIX_MIN, "max_gram": _PREFIX_MAX},
        "kontor_code_beginnings": {"type": "edge_ngram", "min_gram": SHORTEST_PREFIX, "max_gram": _LONGEST_TERM},
    }

    def analyzer(*chain: str, tokenizer: str = "kontor_words") -> dict[str, Any]:
        return {"type": "custom", "tokenizer": tokenizer, "filter": list(chain)}

    return {
        "tokenizer": {"kontor_words": tokenizer},
        "filter": filters,
        "analyzer": {
            STEMMED: analyzer(*words, "kontor_english"),
            PLAIN: analyzer(*words),
            BEGINNINGS: analyzer(*words, "kontor_beginnings"),
            TERMS: analyzer(tokenizer="whitespace"),
            CODE: analyzer(tokenizer="keyword"),
            CODE_BEGINNINGS: analyzer("kontor_code_beginnings", tokenizer="keyword"),
        },
    }


@cache
def mappings() -> dict[str, Any]:
    """How Elasticsearch is to keep each field of a document. ``strict``: what is not named here is refused rather than
    guessed, so a field that the documents get is added here and VERSION raised, which makes a new index."""
    text = {"type": "text", "analyzer": STEMMED}
    beginnings = {
        "type": "text",
        "analyzer": BEGINNINGS,
        "search_analyzer": PLAIN,
        "index_options": "docs",
        "norms": False,
    }
    code_beginnings = beginnings | {"analyzer": CODE_BEGINNINGS, "search_analyzer": CODE}
    searched = text | {"fields": {"beginning": beginnings}}
    brought = {"type": "keyword", "index": False, "ignore_above": 8_000}
    key = {"type": "keyword", "doc_values": False, "ignore_above": 8_000}
    counted = {"type": "keyword", "ignore_above": 8_000}
    column = {"type": "long", "index": False}
    return {
        "dynamic": "strict",
        "_meta": {"kontor": VERSION},
        "properties": {
            "kind": key,
            ID: brought,
            "title": text | {"fields": {"beginning": beginnings, "whole": brought}},
            "brand_text": searched,
            "category_text": searched,
            "attributes_text": text,
            "description": text,
            **{field: {"type": "text", "analyzer": TERMS} for field in translations.FIELDS},
            "code": key | {"fields": {"beginning": code_beginnings}},
            "leaf": key,
            "brand_key": key,
            "category_key": key,
            "ships_to": key,
            "stocked": key,
            "standing": key,
            "seller": counted,
            "brand": counted,
            **{row.level(depth): counted for depth in range(row.DEPTH)},
            "attribute": {"type": "long"},
            "shown": {"type": "object", "enabled": False},
            "titles": {"type": "object", "enabled": False},
            KEPT: {"type": "object", "enabled": False},
            "price": {"type": "long"},
            **destinations.properties(key),
            "rating": {"type": "double"},
            "in_stock": {"type": "boolean"},
            "newest": column,
            "tie": column,
            "position": column,
            "version": column,
            "walk": {"type": "object", "enabled": False},
        },
    }


_encode = msgspec.json.Encoder().encode


def document_json(document: SearchDocument) -> bytes:
    """As the bulk request takes it, on one line."""
    columns, shown = row.columns(document)
    columns[ID] = document.product_id
    columns["kind"] = PRODUCT
    columns["attribute"] = attributes.codes(shown)
    columns["shown"] = shown
    columns |= destinations.columns(document)
    if titles := row.titles(document):
        columns["titles"] = titles
    if document.kept:
        columns[KEPT] = msgspec.Raw(document.kept)
    return _encode(columns)
