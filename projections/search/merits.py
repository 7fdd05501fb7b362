"""What moves a product up or down beside its text: its merits, and what merchandisers decided for the query.

All of it is constant scores that are added, so each can be told apart again (``explaining.py``). Merits lie in the
index as steps (``row.standing``); what a step is worth is decided by the search.
"""

from __future__ import annotations

from collections.abc import Iterator

from domain.money import PPM
from projections.search.filters import in_stock, within
from projections.search.port import SearchQuery
from projections.search.query import Dialect, Part, Q, QueryBuilder, words_of
from projections.search.ranking import Ranking
from projections.search.row import STANDINGS, STEPS, standing

PINNED = 100_000.0
"""Between two pinned products, and below the last of them; no text is worth as much."""
NOT_BURIED = 10_000.0


def ranked(say: Dialect[Q], build: QueryBuilder[Q], query: SearchQuery, ranking: Ranking) -> Q | None:
    """The query of the text with all that moves products; None without a text."""
    base = _with_pinned(say, build.text(query.text, query.loosely), query, ranking)
    moved = [] if base is None else [part.query for part in merits(say, query, ranking)]
    return say.all_of([base], moved) if base is not None and moved else base


def matched(say: Dialect[Q], build: QueryBuilder[Q], query: SearchQuery, ranking: Ranking) -> Q | None:
    """Finds the same and ranks nothing: to count."""
    base = _with_pinned(say, build.text(query.text, query.loosely, bare=True), query, ranking)
    return None if base is None else say.constant(base, 1.0)


def _with_pinned(say: Dialect[Q], words: Q | None, query: SearchQuery, ranking: Ranking) -> Q | None:
    pins = [] if words is None else pinned(say, query, ranking)
    return say.some_of([words, *(pin.query for pin in pins)], 1) if words is not None and pins else words


def pinned(say: Dialect[Q], query: SearchQuery, ranking: Ranking) -> list[Part[Q]]:
    """They are found whatever their text, as long as no filter leaves them out."""
    products = ranking.pinned(words_of(query.text))
    return [
        Part("pinned", str(place), say.constant(say.these([product_id]), PINNED * (len(products) + 1 - place)))
        for place, product_id in enumerate(products, 1)
    ]


def merits(say: Dialect[Q], query: SearchQuery, ranking: Ranking) -> list[Part[Q]]:
    if query.sort != "relevance":
        return []
    of_all = [*_standing(say, ranking), *_stocked(say, query, ranking), *_margins(say, ranking)]
    return [*of_all, *_kept(say, query, ranking)]


def _standing(say: Dialect[Q], ranking: Ranking) -> Iterator[Part[Q]]:
    for name in STANDINGS:
        worth = getattr(ranking.weights, name)
        for step in range(1, STEPS + 1) if worth else ():
            reached = say.constant(say.term("standing", standing(name, step)), worth * step / STEPS)
            yield Part(name, f"{step} of {STEPS}", reached)


def _stocked(say: Dialect[Q], query: SearchQuery, ranking: Ranking) -> Iterator[Part[Q]]:
    if ranking.weights.availability:
        yield Part("availability", "in stock", say.constant(in_stock(say, query), ranking.weights.availability))


def _margins(say: Dialect[Q], ranking: Ranking) -> Iterator[Part[Q]]:
    for rule in ranking.margins if ranking.weights.margin else ():
        worth = ranking.weights.margin * rule.share_ppm / PPM
        scope = say.some_of(within(say, [rule.scope]), 1)
        yield Part("margin", f"{rule.share_ppm / 10_000:g} %", say.constant(scope, worth))


def _kept(say: Dialect[Q], query: SearchQuery, ranking: Ranking) -> Iterator[Part[Q]]:
    """No engine subtracts, so all but the buried products are lifted."""
    if buried := ranking.buried(words_of(query.text)):
        others = say.without(say.everything(), [say.these(buried)])
        yield Part("not buried", "", say.constant(others, NOT_BURIED))
