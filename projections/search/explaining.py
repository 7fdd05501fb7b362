"""Why a product ranks where it does, for every engine: the parts of a query, each scored by itself.

A score is a sum (``QueryBuilder.text``, ``merits.ranked``), so asking for each part alone gives what it added.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Generic, NamedTuple

from projections.search.merits import merits, pinned
from projections.search.port import Explanation, Reason, SearchQuery
from projections.search.query import ENOUGH_BOOST, FIELDS, Dialect, Part, Q, QueryBuilder
from projections.search.ranking import Ranking

Scores = Callable[[Sequence[Q]], Sequence[Mapping[str, float]]]
"""For each query the scores of the products that are asked about and that it finds, by product id."""


class Explained(NamedTuple, Generic[Q]):
    part: Part[Q]
    details: list[Part[Q]]


def explain(
    say: Dialect[Q],
    build: QueryBuilder[Q],
    query: SearchQuery,
    ranking: Ranking,
    product_ids: Sequence[str],
    whole: Q,
    scores: Scores[Q],
) -> list[Explanation]:
    """``whole``: the query that ranks."""
    explained = list(_parts(say, build, query, ranking))
    asked = [whole, *(part.query for each in explained for part in (each.part, *each.details))]
    total, *found = scores(asked)
    return [
        Explanation(product_id, total[product_id], list(_reasons(explained, found, product_id)))
        for product_id in product_ids
        if product_id in total
    ]


def lifted(explained: Sequence[Explanation], lifts: Mapping[str, float]) -> list[Explanation]:
    """With what products gained for being like the first ones (``likeness.py``), by product."""
    return [
        Explanation(one.product_id, one.score + lift, [*one.reasons, Reason("alike", "the first results", lift)])
        if (lift := lifts.get(one.product_id, 0.0))
        else one
        for one in explained
    ]


def _parts(say: Dialect[Q], build: QueryBuilder[Q], query: SearchQuery, ranking: Ranking) -> Iterator[Explained[Q]]:
    reading = build.reading(query.text)
    for unit in reading.units:
        yield Explained(unit, list(_details(say, build, unit.about.split())))
    if query.loosely and reading.units:
        enough = say.constant(build.enough(reading.units), ENOUGH_BOOST)
        yield Explained(Part("enough words", "", enough), [])
    for part in (*reading.wishes, *reading.codes, *pinned(say, query, ranking), *merits(say, query, ranking)):
        yield Explained(part, [])


def _details(say: Dialect[Q], build: QueryBuilder[Q], unit: Sequence[str]) -> Iterator[Part[Q]]:
    for word in unit:
        for field, worth in FIELDS.items():
            yield Part(field.removesuffix("_text"), word, say.boost(say.word(field, word), worth))
        for query in say.translated(word):
            yield Part("translation", word, query)
    for phrase, query in build.synonyms(unit):
        yield Part("synonym", phrase, query)


def _reasons(
    explained: Sequence[Explained[Q]], found: Sequence[Mapping[str, float]], product_id: str
) -> Iterator[Reason]:
    scores = iter(found)
    for part, details in explained:
        score = next(scores).get(product_id, 0.0)
        each = [Reason(detail.kind, detail.about, next(scores).get(product_id, 0.0)) for detail in details]
        if score:
            yield Reason(part.kind, part.about, score, [reason for reason in each if reason.score])
