"""What every engine keeps of a search document: the same names, texts and keys, whatever becomes of them there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from hashlib import blake2b
from typing import Any, NamedTuple

from projections.search import analysis, attributes, translations
from projections.search.attributes import Pairs
from projections.search.document import SearchDocument, Value

DEPTH = 6
"""Category levels that are counted as facets; deeper ones are found and filtered all the same."""
MAX_FACET_VALUE = 60
"""Characters; longer attribute values are prose, no facet."""
MAX_FACETS = 160
"""Attributes of one product that are counted; of one with several values each value."""
TIE_MAX = (1 << 53) - 1

STANDINGS = ("popularity", "conversion", "rating")
STEPS = 5
"""Merits are kept in so many steps: most changes of them change no document."""
RATED_USUALLY, AS_MANY_REVIEWS = 3.5, 5
"""A rating counts as if so many reviews more had given the usual one: one cheer is not yet a good product."""


class Place(NamedTuple):
    """A category path as it is filtered, counted and searched by."""

    keys: list[str]
    levels: dict[str, str]
    leaf: str


def level(depth: int) -> str:
    """The column that holds the first ``depth + 1`` steps of the category path."""
    return f"level{depth}"


def path_key(path: tuple[str, ...]) -> str:
    return "/".join(path)


def leaf_key(words: Sequence[str]) -> str:
    """A category's own name, whatever its grammatical number: the kind of thing that a product is."""
    return " ".join(map(analysis.stem, words))


def tie(product_id: str) -> int:
    """An arbitrary but lasting order among products of equal rank: 53 bits, exact as a float too."""
    return int.from_bytes(blake2b(product_id.encode("utf-8", "replace"), digest_size=8).digest()) >> 11


def columns(document: SearchDocument) -> tuple[dict[str, Any], Pairs]:
    """The columns by name, and the attributes to count, in the text they are shown as."""
    place = _place(document.category)
    words, shown = _attributes(document)
    row: dict[str, Any] = {
        "tie": tie(document.product_id),
        "title": document.title,
        "category_key": place.keys,
        "category_text": document.category,
        "description": document.description,
        "attributes_text": words,
        "code": list(analysis.codes(document.title, *document.skus)),
        "ships_to": document.ships_to,
        "stocked": _stocked(document),
        "in_stock": document.in_stock,
        "seller": document.sellers,
        "standing": _standings(document),
        "newest": document.created_at,
        **place.levels,
    }
    if document.category:
        row["leaf"] = place.leaf
    if document.brand:
        row |= {"brand": document.brand, "brand_key": document.brand.casefold(), "brand_text": document.brand}
    if document.price is not None:
        row["price"] = document.price
    if document.rating is not None:
        row["rating"] = float(document.rating)
    if document.texts:
        titles = translations.terms((language, title) for language, title, _ in document.texts)
        row["told_title"] = f"{translations.ANY} {titles}"
        row["told_text"] = translations.terms((language, text) for language, _, text in document.texts)
    return row, shown


def titles(document: SearchDocument) -> translations.Titles:
    """None where there is but one language."""
    others = [(language, title) for language, title, _ in document.texts if language != document.language]
    return [(document.language, document.title), *others] if document.texts else []


def standing(name: str, step: int) -> str:
    return f"{name}{step}"


def _standings(document: SearchDocument) -> list[str]:
    """Nothing for a merit below the first step."""
    shares = {"popularity": document.popularity, "conversion": document.conversion, "rating": _esteem(document)}
    steps = {name: min(STEPS, max(0, round(share * STEPS))) for name, share in shares.items()}
    return [standing(name, step) for name, step in steps.items() if step]


def _esteem(document: SearchDocument) -> float:
    """From 0 for one star to 1 for five; what nobody has rated is as good as usual."""
    reviews = 0 if document.rating is None else max(1, document.reviews)
    total = (document.rating or 0.0) * reviews + RATED_USUALLY * AS_MANY_REVIEWS
    return (total / (reviews + AS_MANY_REVIEWS) - 1) / 4


def _stocked(document: SearchDocument) -> tuple[str, ...]:
    if document.stocked_for is not None:
        return document.stocked_for
    return document.ships_to if document.in_stock else ()


def _attributes(document: SearchDocument) -> tuple[list[str], Pairs]:
    """Texts to search in, and the attributes to count.

    A yes/no attribute is searched by its name, any other by its value. In one pass, because a product has dozens;
    remembering what was seen before costs as much as it saves.
    """
    words: list[str] = []
    shown: list[tuple[str, str]] = []
    for name, value in _values(document.attributes.items()):
        if value.__class__ is str:
            words.append(text := value.strip())
        elif value.__class__ is bool:
            words.append(name.replace("_", " ") if value else "")
            text = "true" if value else "false"
        else:
            words.append(text := attributes.text(value))
        if 0 < len(text) <= MAX_FACET_VALUE:
            shown.append((name, text))
    return words, shown if len(shown) <= MAX_FACETS else shown[:MAX_FACETS]


def _values(said: Iterable[tuple[str, Value | tuple[Value, ...]]]) -> Iterator[tuple[str, Any]]:
    for name, value in said:
        if value.__class__ is tuple:
            yield from ((name, each) for each in {attributes.text(each): each for each in value}.values())
        else:
            yield name, value


@lru_cache(2_048)
def _place(path: tuple[str, ...]) -> Place:
    keys = [path_key(path[: depth + 1]) for depth in range(len(path))]
    levels = {level(depth): key for depth, key in enumerate(keys[:DEPTH])}
    return Place(keys, levels, leaf_key(analysis.words(path[-1])) if path else "")
