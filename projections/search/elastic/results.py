"""From the server's answers to what the port promises."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from domain.catalog.language import DEFAULT
from projections.search import facets
from projections.search.attributes import Pairs
from projections.search.elastic import destinations
from projections.search.elastic.mapping import ID, KEPT, TITLE
from projections.search.elastic.queries import STOCKED, facet_of
from projections.search.elastic.server import Refused
from projections.search.likeness import FRONT, Found
from projections.search.port import Copy, Facets, SearchQuery, Suggestion
from projections.search.suggest import BRAND_COLUMNS, CATEGORY_COLUMNS, choose
from projections.search.translations import Titles, title_for
from projections.search.window import Hit


def hits(answer: Mapping[str, Any]) -> list[Hit]:
    """Of products that were asked for by ``queries.told``."""
    return [Hit(float(hit["sort"][0]), int(hit["sort"][1]), _told(hit, ID)) for hit in answer["hits"]["hits"]]


def first(answer: Mapping[str, Any], number: int) -> list[str]:
    """The first so many products, as the server puts them."""
    return [_told(hit, ID) for hit in answer["hits"]["hits"][:number]]


def _told(hit: Mapping[str, Any], column: str) -> str:
    return str(hit["fields"].get(column, ("",))[0])


def total(answer: Mapping[str, Any]) -> int:
    """All hits, not just those brought."""
    return int(answer["hits"]["total"]["value"])


def front(answer: Mapping[str, Any]) -> list[Found]:
    """Best first; of products that were asked for with their titles."""
    best = answer["hits"]["hits"][:FRONT]
    return [Found(float(hit["sort"][0]), _told(hit, ID), _told(hit, TITLE)) for hit in best]


def counted(query: SearchQuery, answer: Mapping[str, Any], names: facets.Names) -> Facets:
    answers = {
        facet_of(name): destinations.read(part) for name, part in answer["aggregations"].items() if name != STOCKED
    }
    there = answer["aggregations"][STOCKED]
    return facets.read(query, answers, facets.Stocked(there["doc_count"], there[STOCKED]["doc_count"]), names)


def suggestions(words: Sequence[str], limit: int, wanted: Sequence[str], answer: Mapping[str, Any]) -> list[Suggestion]:
    categories, brands, found = each(answer)
    products = [_suggested(hit, wanted) for hit in found["hits"]["hits"]]
    return choose(words, limit, _values(categories, CATEGORY_COLUMNS), _values(brands, BRAND_COLUMNS), products)


def _suggested(hit: Mapping[str, Any], wanted: Sequence[str]) -> Suggestion:
    if "fields" in hit:
        return Suggestion(_told(hit, TITLE), "product", _told(hit, ID))
    return Suggestion(title_for(_titles(hit), wanted), "product", hit["_id"])


def scores(answer: Mapping[str, Any]) -> list[dict[str, float]]:
    return [{hit["_id"]: hit["_score"] for hit in found["hits"]["hits"]} for found in each(answer)]


def titles(answer: Mapping[str, Any]) -> list[Titles]:
    return [_titles(hit) for hit in answer["hits"]["hits"]]


def _titles(hit: Mapping[str, Any]) -> Titles:
    source = hit["_source"]
    return source.get("titles") or [(DEFAULT, source["title"])]


def copies(answer: Mapping[str, Any]) -> dict[str, Copy]:
    found = {hit["_id"]: hit["_source"] for hit in answer["docs"] if hit.get("found")}
    return {
        product_id: Copy(source[KEPT], source.get("description", ""))
        for product_id, source in found.items()
        if KEPT in source
    }


def categories(answer: Mapping[str, Any]) -> dict[tuple[str, ...], int]:
    levels = answer["aggregations"].values()
    return {tuple(bucket["key"].split("/")): bucket["doc_count"] for level in levels for bucket in level["buckets"]}


def attributes_of(answer: Mapping[str, Any]) -> Iterator[Pairs]:
    """Attributes of products that were asked for by id."""
    return (one["_source"]["shown"] for one in answer["docs"] if one.get("found"))


def examples(answer: Mapping[str, Any]) -> Iterator[Pairs]:
    for found in each(answer):
        for hit in found["hits"]["hits"]:
            yield hit["_source"]["shown"]


def _values(found: Mapping[str, Any], columns: tuple[str, ...]) -> list[tuple[str, int]]:
    buckets = (bucket for column in columns for bucket in found["aggregations"][column]["buckets"])
    return [(bucket["key"], bucket["doc_count"]) for bucket in buckets]


def each(answer: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The answers to several searches. Raises Refused if one of them was."""
    for found in answer["responses"]:
        if error := found.get("error"):
            raise Refused(found["status"], error["type"], error["reason"])
    return list(answer["responses"])
