"""Type-ahead: categories, brands and products that go on from what was typed; the choice, for every engine."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

from projections.search import analysis
from projections.search.port import Suggestion

OF_EACH_FACET = 2
VALUES = 20
"""Values of a column that are looked at."""
CATEGORY_COLUMNS = ("level0", "level1", "level2")
BRAND_COLUMNS = ("brand",)


def choose(
    words: Sequence[str],
    limit: int,
    categories: Iterable[tuple[str, int]],
    brands: Iterable[tuple[str, int]],
    products: Iterable[Suggestion],
) -> list[Suggestion]:
    """From values with their counts, and products by rank, found for these words; the last may be unfinished."""
    found = [*_named(words, categories, "category"), *_named(words, brands, "brand"), *products]
    unique = {suggestion.text.casefold(): suggestion for suggestion in reversed(found)}
    return list(reversed(unique.values()))[:limit]


def of_categories(text: str, counted: Iterable[tuple[str, int]], limit: int) -> list[Suggestion]:
    """What can be said without an index: the same choice among the paths of all categories, with their counts."""
    words = analysis.words(analysis.clean(text))
    if not words:
        return []
    known = [(path, count) for path, count in counted if set(words[:-1]) <= set(analysis.words(path))]
    return choose(words, limit, known, (), ())


def _named(
    words: Sequence[str], counted: Iterable[tuple[str, int]], kind: Literal["category", "brand"]
) -> list[Suggestion]:
    """Most products first, and only values that themselves hold the word being typed."""
    named = [(-count, value) for value, count in counted if _goes_on(value.rpartition("/")[2], words[-1])]
    return [Suggestion(value, kind) for _, value in sorted(named)[:OF_EACH_FACET]]


def _goes_on(value: str, typed: str) -> bool:
    return any(word.startswith(typed) for word in analysis.words(value))
