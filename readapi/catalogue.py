"""What shoppers see of the catalog, each part from where it is kept or from what stands in for that.

what is found    the search index; while it is away the last good page (``lastgood.py``)
suggestions      the search index; while it is away the names of categories
products         the views; while they are away what the search index keeps of each (``standins.py``)
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import NamedTuple

from msgspec.structs import replace
from starlette.requests import Request

from projections.search.port import MAX_SUGGESTIONS, MAX_TEXT, Explanation, SearchQuery, Suggestion
from projections.search.suggest import of_categories
from readapi.caching.categorypages import Rendered
from readapi.caching.pages import Card, Page
from readapi.caching.searches import Found, list_body
from readapi.consistency import at_position, at_search_position, require
from readapi.edge.positions import MIN_HEADER, min_position, query_wait
from readapi.edge.problems import PositionNotReached
from readapi.fallback.degraded import or_else
from readapi.reading import Reading, reading_of
from readapi.services import ReadServices
from readapi.shown.audience import EVERYBODY, Audience
from readapi.shown.categories import Path, Tree, require_known
from readapi.shown.categorytitles import Named, suggested
from readapi.shown.languages import wanted_of

FIRST = 24
"""Products shown on a category's page; ``next`` goes on at /api/products?category=."""


class Listing(NamedTuple):
    """``{items, total, facets, next, prev}``, the position it shows, and when it was found if not just now (ms)."""

    body: bytes
    position: int
    made_at: int | None = None
    product_ids: Sequence[str] = ()
    languages: tuple[str, ...] = ()
    """Those that its items are told in."""


class Placed(NamedTuple):
    """The page of a category."""

    page: Rendered
    listing: Listing
    position: int


class PageAt(NamedTuple):
    page: Page | None
    """None for a product that does not exist."""
    position: int


async def listing(
    request: Request,
    query: SearchQuery,
    key: bytes = b"",
    plain: SearchQuery | None = None,
    explain: bool = False,
    audience: Audience = EVERYBODY,
) -> Listing:
    """``key`` stands for the query, if the caller has one at hand; ``plain`` is another one that a last good page may
    answer instead. Raises BadParameter, PositionNotReached, SearchUnavailable, ViewsUnavailable."""
    reading = reading_of(request)

    async def from_index() -> tuple[Found, int, int | None]:
        await at_search_position(request)
        at_least = min_position(request)
        ranking = await reading.merchandising.ranking(at_least, query_wait(request))
        found, position = await reading.searches.find(query, ranking, key, at_least, wanted_of(request))
        await reading.last_good.served(query, found, position)
        return found, position, None

    async def from_last_good() -> tuple[Found, int, int | None]:
        last = await reading.last_good.find(plain or query)
        if min_position(request) > last.position:
            raise PositionNotReached(last.position)
        found = Found(last.product_ids[: query.limit], last.total, last.facets, None, None)
        return found, last.position, last.made_at

    found, position, made_at = await or_else(request, "search", from_index, from_last_good)
    explained = await _explained(reading, found) if explain else None
    shown_cards, facets = await asyncio.gather(
        cards(request, found.product_ids, audience),
        reading.seller_names.beside(found.facets, fresh=MIN_HEADER in request.headers),
    )
    if (named := await names(request)) is not None:
        facets = named.facets(facets, query.category)
    shown = list_body([card.body for card in shown_cards], found._replace(facets=facets), explained)
    languages = tuple(dict.fromkeys([card.language for card in shown_cards]))
    return Listing(shown, position, made_at, found.product_ids, languages)


async def names(request: Request) -> Named | None:
    """What categories and attributes are called for whoever asks; None where nothing is called otherwise."""
    wanted = wanted_of(request)
    return await reading_of(request).category_titles.named(wanted) if wanted else None


async def _explained(reading: Reading, found: Found) -> list[Explanation]:
    return await reading.searches.explain(found, await reading.merchandising.ranking())


async def suggestions(request: Request, typed: str) -> tuple[list[Suggestion], int]:
    """And the position. While search is away, of categories alone. Raises PositionNotReached, SearchUnavailable,
    ViewsUnavailable."""

    async def from_index() -> tuple[list[Suggestion], int]:
        await at_search_position(request)
        reading = reading_of(request)
        indexed, position = await reading.searches.suggest(typed, min_position(request), wanted_of(request))
        first = [*reading.popular_searches.completing(typed), *await _named_categories(request, typed)]
        named = await names(request)
        others = [one if named is None else _labelled(one, named) for one in indexed]
        unique = {one.text.casefold(): one for one in reversed([*first, *others])}
        return list(reversed(unique.values()))[:MAX_SUGGESTIONS], position

    async def from_categories() -> tuple[list[Suggestion], int]:
        found, position = await tree(request)
        counted = [("/".join(path), count) for path, count in found.counts.items()]
        return of_categories(typed[:MAX_TEXT], counted, MAX_SUGGESTIONS), position

    return await or_else(request, "search", from_index, from_categories)


async def _named_categories(request: Request, typed: str) -> list[Suggestion]:
    """Those whose name in the reader's language goes on from what was typed."""
    named = await names(request)
    found = [] if named is None else named.completing(typed[:MAX_TEXT])
    return suggested(found, (await tree(request))[0]) if found else []


def _labelled(one: Suggestion, named: Named) -> Suggestion:
    if one.kind != "category":
        return one
    path = tuple(one.text.split("/"))
    steps = [named.category(path[: depth + 1]) or path[depth] for depth in range(len(path))]
    return one if tuple(steps) == path else replace(one, label="/".join(steps))


def age_of(request: Request, found: Listing) -> int | None:
    """In seconds, of a list that was found earlier."""
    services: ReadServices = request.app.state.services
    return None if found.made_at is None else max(0, services.clock() - found.made_at) // 1000


async def cards(request: Request, product_ids: Sequence[str], audience: Audience = EVERYBODY) -> list[Card]:
    """While the views are away, as everybody sees them. Raises ViewsUnavailable."""
    reading, wanted = reading_of(request), wanted_of(request)

    async def from_views() -> list[Card]:
        follower = request.app.state.services.follower
        require(follower)
        reading.stand_in.check(follower.position)
        found = await reading.pages.cards(product_ids, wanted, audience)
        reading.stand_in.step_back()
        return found

    return await or_else(request, "products", from_views, lambda: reading.stand_in.cards(product_ids, wanted))


async def product(request: Request, product_id: str, audience: Audience = EVERYBODY) -> PageAt:
    """While the views are away, as everybody sees it. Raises PositionNotReached, ViewsUnavailable."""
    reading, wanted = reading_of(request), wanted_of(request)

    async def from_views() -> PageAt:
        position = await at_position(request)
        reading.stand_in.check(position)
        page = await reading.pages.page_for(product_id, audience, wanted)
        reading.stand_in.step_back()
        return PageAt(page, position)

    async def from_index() -> PageAt:
        position = await at_search_position(request)
        return PageAt(await reading.stand_in.page(product_id, wanted), position)

    return await or_else(request, "products", from_views, from_index)


async def tree(request: Request) -> tuple[Tree, int]:
    """All categories, and the position. Raises PositionNotReached, ViewsUnavailable."""
    reading = reading_of(request)

    async def from_views() -> tuple[Tree, int]:
        position = await at_position(request)
        return await reading.categories.tree(fresh=MIN_HEADER in request.headers), position

    async def from_index() -> tuple[Tree, int]:
        position = await at_search_position(request)
        return await reading.stand_in.tree(), position

    return await or_else(request, "products", from_views, from_index)


async def category(request: Request, steps: Path) -> Placed:
    """The page of one, with its first products. Raises NotFound, PositionNotReached, SearchUnavailable,
    ViewsUnavailable."""
    categories, position = await tree(request)
    require_known(categories, steps)
    found = await listing(request, SearchQuery(category=steps, limit=FIRST))
    pages = reading_of(request).category_pages
    page = pages.page(steps, found.languages, categories, found.body, await names(request))
    return Placed(page, found, min(position, found.position))
