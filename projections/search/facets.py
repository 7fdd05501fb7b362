"""Counting a result by category, brand, price, rating, availability, seller and attribute.

Each facet is counted over the products that all filters but its own let through. Facets without a filter of their own
therefore share one pass over the result; every filtered facet costs a pass more.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from heapq import nlargest, nsmallest
from itertools import chain, pairwise
from typing import Any, NamedTuple

from projections.search import row
from projections.search.attributes import NAME_BITS, Attribute, name_code
from projections.search.port import Bucket, Facets, SearchQuery

Plan = dict[str | None, dict[str, Any]]
"""Aggregations by the facet without whose filter they are counted (None: with all filters). Both engines speak them."""
Names = Callable[[Iterable[int]], dict[int, Attribute]]
"""What attribute codes stand for."""

BRANDS = 30
SELLERS = 30
CATEGORIES = 400
PRICE_BUCKETS = 7
ATTRIBUTES = 8
ATTRIBUTE_VALUES = 12
_ATTRIBUTE_PAIRS = 200
_PRICE_STEPS = [step * 10**power for power in range(2, 10) for step in (1, 2, 5)]
_ATTRIBUTE = "attribute:"


def plan(query: SearchQuery, filtered: Collection[str], of_a_part: int = 0) -> Plan:
    """``filtered`` names the facets that have a filter, as ``filters.filters`` does. ``of_a_part``: values that each
    part of an index tells, the most frequent first, where an engine puts counts together from parts; a result that has
    more in one may lack a few of what is rare there."""

    def terms(column: str, size: int) -> dict[str, Any]:
        return {"terms": {"field": column, "size": size, "shard_size": max(size, of_a_part)}}

    wanted: dict[str, dict[str, Any]] = {
        "category": {row.level(depth): terms(row.level(depth), CATEGORIES) for depth in _levels(query)},
        "brand": {"brand": terms("brand", BRANDS)},
        "price": {"price": _price_request()},
        "rating": {"rating": _rating_request()},
        "seller": {"seller": terms("seller", SELLERS)},
        "attribute": {"attribute": terms("attribute", _ATTRIBUTE_PAIRS)},
    }
    passes: Plan = {None: {}}
    for name, part in wanted.items():
        passes.setdefault(name if name in filtered else None, {}).update(part)
    passes |= {name: wanted["attribute"] for name in filtered if name.startswith(_ATTRIBUTE)}
    return passes


class Stocked(NamedTuple):
    """Products that all filters but the one of availability let through."""

    total: int
    in_stock: int


def read(query: SearchQuery, answers: Mapping[str | None, dict[str, Any]], stocked: Stocked, names: Names) -> Facets:
    """From the answers to each pass of the plan, and what was counted beside it."""
    own = {name: answer for name, answer in answers.items() if name is not None and name.startswith(_ATTRIBUTE)}
    answer = {key: part for name, parts in answers.items() if name not in own for key, part in parts.items()}
    return Facets(
        category=_categories(query, answer),
        brand=_buckets(answer["brand"]),
        price=_prices(answer["price"]),
        rating=_ratings(answer["rating"]),
        availability=_availability(stocked),
        seller=_buckets(answer["seller"]),
        attributes=_attributes(answer, own, names, stocked.total),
    )


def _buckets(answer: dict[str, Any]) -> list[Bucket]:
    return [Bucket(bucket["key"], bucket["doc_count"]) for bucket in answer["buckets"]]


def _levels(query: SearchQuery) -> range:
    """Of categories: down the chosen path, and one below it."""
    return range(min(len(query.category), row.DEPTH - 1) + 1)


def _categories(query: SearchQuery, answer: dict[str, Any]) -> list[Bucket]:
    """Of each level only what lies below the chosen path, so that the list reads as one opened branch of the tree."""
    found: list[Bucket] = []
    for depth in _levels(query):
        above = row.path_key(query.category[:depth]) + "/" if depth else ""
        found += [bucket for bucket in _buckets(answer[row.level(depth)]) if bucket.value.startswith(above)]
    return found


def _price_request() -> dict[str, Any]:
    edges: list[int | None] = [None, *_PRICE_STEPS, None]
    ranges = [
        {key: float(edge) for key, edge in (("from", low), ("to", high)) if edge is not None}
        for low, high in pairwise(edges)
    ]
    return {"range": {"field": "price", "ranges": ranges}}


def _prices(answer: dict[str, Any]) -> list[Bucket]:
    """Round steps (1, 2, 5, 10 …), neighbours merged until few enough are left, the smallest pair first."""
    rows = [[b.get("from", 0.0), b.get("to"), b["doc_count"]] for b in answer["buckets"] if b["doc_count"]]
    while len(rows) > PRICE_BUCKETS:
        at = min(range(len(rows) - 1), key=lambda i: rows[i][2] + rows[i + 1][2])
        rows[at : at + 2] = [[rows[at][0], rows[at + 1][1], rows[at][2] + rows[at + 1][2]]]
    return [Bucket(f"{low:.0f}-" + ("" if high is None else f"{high:.0f}"), count) for low, high, count in rows]


def _rating_request() -> dict[str, Any]:
    steps = [{"from": float(least), "to": least + 1.0} for least in range(1, 4)]
    return {"range": {"field": "rating", "ranges": [*steps, {"from": 4.0}]}}


def _ratings(answer: dict[str, Any]) -> list[Bucket]:
    counts = {round(bucket["from"]): bucket["doc_count"] for bucket in answer["buckets"] if "from" in bucket}
    totals = [Bucket(str(least), sum(n for from_, n in counts.items() if from_ >= least)) for least in (4, 3, 2, 1)]
    return [bucket for bucket in totals if bucket.count]


def _availability(stocked: Stocked) -> list[Bucket]:
    counts = {"true": stocked.in_stock, "false": stocked.total - stocked.in_stock}
    return [Bucket(value, count) for value, count in counts.items() if count]


def _attributes(
    answer: dict[str, Any], own: dict[str, dict[str, Any]], names: Names, total: int
) -> dict[str, list[Bucket]]:
    """The names whose frequent values cover most of the result, which leaves out serial numbers and weights. However
    many values a product has of one, it covers no more than all. What they are is looked up of those alone that are
    shown."""
    counted = _by_name(answer["attribute"])
    chosen = {name_code(facet.removeprefix(_ATTRIBUTE)): own[facet]["attribute"] for facet in own}
    covered = {name: (len(counts) > 1, min(total, sum(counts.values()))) for name, counts in counted.items()}
    others = nlargest(ATTRIBUTES, counted.keys() - chosen.keys(), key=lambda name: (covered[name], name))
    parts = [_by_name(unfiltered).get(name, {}) for name, unfiltered in chosen.items()]
    shown = dict(chain.from_iterable(map(_most_frequent, [*parts, *(counted[name] for name in others)])))
    found: dict[str, list[Bucket]] = {}
    for code, attribute in names(shown).items():
        found.setdefault(attribute.name, []).append(Bucket(attribute.value, shown[code]))
    first = sorted(name for name in found if name_code(name) in chosen)
    then = sorted(found.keys() - set(first), key=lambda name: (covered[name_code(name)], name), reverse=True)
    return {name: sorted(found[name], key=lambda bucket: (-bucket.count, bucket.value)) for name in [*first, *then]}


def _by_name(answer: dict[str, Any]) -> dict[int, dict[int, int]]:
    """Counts by code, by what the codes of one name have in common."""
    named: dict[int, dict[int, int]] = {}
    for bucket in answer["buckets"]:
        code = bucket["key"]
        named.setdefault(code & NAME_BITS, {})[code] = bucket["doc_count"]
    return named


def _most_frequent(counts: dict[int, int]) -> list[tuple[int, int]]:
    return nsmallest(ATTRIBUTE_VALUES, counts.items(), key=lambda row: (-row[1], row[0]))
