"""What a search lets through: the facets that were ticked, and what can be sold to where it is to go."""

from __future__ import annotations

import math
from collections.abc import Sequence

from domain.catalog.rule import Scope
from projections.search import row
from projections.search.port import SearchQuery
from projections.search.query import Dialect, Q, whole
from projections.search.ranking import Ranking, regions_of

EVERYWHERE = "*"


def filters(say: Dialect[Q], query: SearchQuery, ranking: Ranking) -> dict[str, Q]:
    """One query per facet that is filtered, by the facet's name; ``attribute:NAME`` for attributes, ``ship_to`` for
    what can be sold there, and ``entry`` for the price that it has there."""
    found = dict[str, Q]()
    if query.category:
        found["category"] = say.term("category_key", row.path_key(query.category))
    if query.brands:
        found["brand"] = say.any("brand_key", [brand.casefold() for brand in query.brands])
    if query.sellers:
        found["seller"] = say.any("seller", list(query.sellers))
    if query.price_min is not None or query.price_max is not None:
        low, high = (None if end is None else whole(end) for end in (query.price_min, query.price_max))
        found["price"] = say.priced(query.ship_to, low, high)
    if query.rating_min is not None and math.isfinite(query.rating_min):
        found["rating"] = say.between("rating", float(query.rating_min), None)
    if query.in_stock is not None:
        there = in_stock(say, query)
        found["in_stock"] = there if query.in_stock else say.without(say.everything(), [there])
    if query.ship_to is not None:
        found["ship_to"] = _sold_to(say, query.ship_to, ranking)
    if (entry := say.sold_to(query.ship_to)) is not None:
        found["entry"] = entry
    for name, values in query.attributes.items():
        found[f"attribute:{name}"] = say.attribute(name, values)
    return found


def in_stock(say: Dialect[Q], query: SearchQuery) -> Q:
    """At somebody who ships to where it is to go."""
    if query.ship_to is None:
        return say.term("in_stock", True)
    return say.any("stocked", [*regions_of(query.ship_to), EVERYWHERE])


def _sold_to(say: Dialect[Q], place: str, ranking: Ranking) -> Q:
    """Somebody ships there, and no rule forbids it."""
    regions = regions_of(place)
    shipped = say.any("ships_to", [*regions, EVERYWHERE])
    forbidden = [rule.scope for rule in ranking.forbidden(regions)]
    return say.without(shipped, within(say, forbidden)) if forbidden else shipped


def within(say: Dialect[Q], scopes: Sequence[Scope]) -> list[Q]:
    """Queries of which each product that is in one of the scopes meets one."""
    categories = sorted({row.path_key(path) for scope in scopes for path in scope.categories})
    brands = sorted({brand.casefold() for scope in scopes for brand in scope.brands})
    product_ids = sorted({product_id for scope in scopes for product_id in scope.product_ids})
    found = [say.any(name, keys) for name, keys in (("category_key", categories), ("brand_key", brands)) if keys]
    return [*found, say.these(product_ids)] if product_ids else found
