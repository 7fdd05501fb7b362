"""What products cost where they are to go, on a server: each price that differs is a document nested in the product's.

A field cannot be read from one place for some products and from another for others, so what is counted or sorted by
price is asked for twice, of products that cost the same everywhere and of those that do not, and put together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from projections.search.destinations import ELSEWHERE, country_of, entries
from projections.search.document import SearchDocument
from projections.search.port import SearchQuery

Query = Mapping[str, Any]
PATH = "there"
PRICE = f"{PATH}.price"
DIFFERING: Query = {"term": {"differing": True}}
SAME: Query = {"bool": {"must_not": DIFFERING}}
_COUNTED = "price"
_COUNTED_THERE = "price_there"


def properties(key: Mapping[str, Any]) -> dict[str, Any]:
    """Of the mapping."""
    nested = {"to": key, "but": key, "price": {"type": "long"}}
    return {"differing": {"type": "boolean"}, PATH: {"type": "nested", "properties": nested}}


def columns(document: SearchDocument) -> dict[str, Any]:
    if not document.prices_to:
        return {}
    there = [{"to": one.countries, "but": one.others, "price": one.price} for one in entries(document)]
    return {"differing": True, PATH: there}


def between(place: str, same: Query, prices: Query) -> Query:
    """``same`` where it costs the same everywhere, else what it costs there in the range ``prices``."""
    there = {"nested": {"path": PATH, "query": {"bool": {"filter": [_sold_to(place), {"range": {PRICE: prices}}]}}}}
    return {"bool": {"should": [{"bool": {"filter": [same, SAME]}}, there], "minimum_should_match": 1}}


def _sold_to(place: str) -> Query:
    country = country_of(place)
    elsewhere = {
        "bool": {"filter": {"term": {f"{PATH}.to": ELSEWHERE}}, "must_not": {"term": {f"{PATH}.but": country}}}
    }
    return {"bool": {"should": [{"term": {f"{PATH}.to": country}}, elsewhere], "minimum_should_match": 1}}


def counted(place: str | None, wanted: Mapping[str, Any]) -> Mapping[str, Any]:
    """Aggregations of a pass, with prices counted as they are there."""
    if place is None or _COUNTED not in wanted:
        return wanted
    prices = wanted[_COUNTED]
    nested = {"range": prices["range"] | {"field": PRICE}}
    there = {"filter": _sold_to(place), "aggs": {_COUNTED: nested}}
    return {
        **wanted,
        _COUNTED: {"filter": SAME, "aggs": {_COUNTED: prices}},
        _COUNTED_THERE: {"nested": {"path": PATH}, "aggs": {_COUNTED: there}},
    }


def read(answer: Mapping[str, Any]) -> dict[str, Any]:
    """The answer to ``counted``, as if prices had been counted in one field."""
    if _COUNTED_THERE not in answer:
        return dict(answer)
    others = {name: part for name, part in answer.items() if name != _COUNTED_THERE}
    same, there = answer[_COUNTED][_COUNTED]["buckets"], answer[_COUNTED_THERE][_COUNTED][_COUNTED]["buckets"]
    both = [one | {"doc_count": one["doc_count"] + other["doc_count"]} for one, other in zip(same, there, strict=True)]
    return others | {_COUNTED: {"buckets": both}}


def is_sorted(query: SearchQuery) -> bool:
    """Whether it is by what things cost somewhere."""
    return query.ship_to is not None and query.sort in ("price_asc", "price_desc")


def sorted_bodies(query: SearchQuery, body: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Two searches for one: products that cost the same everywhere, with all that is counted, and the others."""
    assert query.ship_to is not None
    by_price, tie = body["sort"]
    [order] = by_price.values()
    nested = {"path": PATH, "filter": _sold_to(query.ship_to)}
    by_price_there = {PRICE: order | {"nested": nested}}
    kept = body.get("post_filter", {"match_all": {}})
    window = {"size": body["size"] + body.get("from", 0)} | ({"from": 0} if "from" in body else {})
    same = {**body, **window, "post_filter": {"bool": {"filter": [kept, SAME]}}}
    differing = {**body, **window, "post_filter": {"bool": {"filter": [kept, DIFFERING]}}}
    del differing["aggs"]
    return [same, differing | {"sort": [by_price_there, tie]}]


def merged(body: Mapping[str, Any], answers: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The answer to ``body`` from those to ``sorted_bodies``."""
    [order] = {part["order"] for one in body["sort"] for part in one.values()}
    hits = [hit for answer in answers for hit in answer["hits"]["hits"]]
    hits.sort(key=lambda hit: hit["sort"], reverse=order == "desc")
    first = body.get("from", 0)
    total = sum(answer["hits"]["total"]["value"] for answer in answers)
    found = {"hits": hits[first : first + body["size"]], "total": {"value": total}}
    return {**answers[0], "hits": found}
