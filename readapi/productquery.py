"""The query string of GET /api/products as a search. Unknown, malformed and doubled parameters are refused by name."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable
from functools import lru_cache
from typing import Any, get_args
from urllib.parse import parse_qsl

from domain.catalog.rule import REGION
from domain.money import AMOUNT_MAX
from projections.search.port import MAX_OFFSET, SearchQuery, Sort
from readapi.edge.paging import CURSOR_CHARS_MAX, LIMIT_DEFAULT, parse_limit
from readapi.edge.problems import BadParameter
from readapi.shown.destination import ANYWHERE

PARAMETERS_MAX = 100
CHARS_MAX = 500
ATTRIBUTE = "attr."
EXPLAIN = "explain"
_SORTS = get_args(Sort)
_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}


def _bad(name: str, detail: str) -> BadParameter:
    return BadParameter("query", name, detail)


def text(name: str, raw: str) -> str:
    if len(raw) > CHARS_MAX:
        raise _bad(name, f"at most {CHARS_MAX} characters")
    return raw


def path(name: str, raw: str) -> tuple[str, ...]:
    """``Furniture/Beds``; an empty one means no filter."""
    return tuple(part for part in text(name, raw).split("/") if part)


def amount(name: str, raw: str) -> int:
    if len(raw) <= 13 and raw.isascii() and raw.isdigit() and int(raw) <= AMOUNT_MAX:
        return int(raw)
    raise _bad(name, "a whole number of minor units")


def rating(name: str, raw: str) -> float:
    try:
        value = float(raw) if len(raw) <= 10 else math.nan
    except ValueError:
        value = math.nan
    if not 0 <= value <= 5:
        raise _bad(name, "a number from 0 to 5")
    return value


def boolean(name: str, raw: str) -> bool:
    if raw not in _BOOLEANS:
        raise _bad(name, "true or false")
    return _BOOLEANS[raw]


def is_place(raw: str) -> bool:
    return raw == ANYWHERE or REGION.fullmatch(raw) is not None


def place(name: str, raw: str) -> str:
    if not is_place(raw):
        raise _bad(name, "a country such as US, a part of one such as US-CA, or * for anywhere")
    return raw


def sort(name: str, raw: str) -> str:
    if raw not in _SORTS:
        raise _bad(name, f"one of {', '.join(_SORTS)}")
    return raw


def page_number(name: str, raw: str) -> int:
    if len(raw) <= 5 and raw.isascii() and raw.isdigit() and int(raw) >= 1:
        return int(raw)
    raise _bad(name, "a whole number from 1 on")


def cursor(name: str, raw: str) -> str:
    if not 0 < len(raw) <= CURSOR_CHARS_MAX:
        raise _bad(name, "not a cursor of this list")
    return raw


SINGLE: dict[str, tuple[str, Callable[[str, str], Any]]] = {
    "q": ("text", text),
    "category": ("category", path),
    "priceMin": ("price_min", amount),
    "priceMax": ("price_max", amount),
    "ratingMin": ("rating_min", rating),
    "inStock": ("in_stock", boolean),
    "shipTo": ("ship_to", place),
    "sort": ("sort", sort),
    "cursor": ("cursor", cursor),
    "limit": ("limit", lambda name, raw: parse_limit(raw, name)),
    "page": ("page", page_number),
}
"""Parameters that come once: the search's field, and how the value is read."""


def pairs_of(query_string: bytes) -> list[tuple[str, str]]:
    try:
        raw = query_string.decode("ascii", "replace")
        return parse_qsl(raw, keep_blank_values=True, max_num_fields=PARAMETERS_MAX, errors="replace")
    except ValueError:
        raise _bad("query", f"at most {PARAMETERS_MAX} parameters") from None


def parse(query_string: bytes) -> SearchQuery:
    """Raises BadParameter, which names the first parameter that cannot be meant."""
    return _parse_again(query_string) if len(query_string) <= CHARS_MAX else _parse(query_string)


def _parse(query_string: bytes) -> SearchQuery:
    fields: dict[str, Any] = {}
    brands: list[str] = []
    sellers: list[str] = []
    attributes: defaultdict[str, list[str]] = defaultdict(list)
    for name, raw in pairs_of(query_string):
        if name in SINGLE:
            field, read = SINGLE[name]
            if field in fields:
                raise _bad(name, "given more than once")
            fields[field] = read(name, raw)
        elif name == "brand":
            brands.append(text(name, raw))
        elif name == "seller":
            sellers.append(text(name, raw))
        elif name == EXPLAIN:
            boolean(name, raw)
        elif name.startswith(ATTRIBUTE) and len(name) > len(ATTRIBUTE):
            attributes[text(name[:40], name)[len(ATTRIBUTE) :]].append(text(name, raw))
        else:
            raise _bad(name[:100], "unknown parameter")
    _window(fields)
    return SearchQuery(
        brands=tuple(dict.fromkeys(brands)),
        sellers=tuple(dict.fromkeys(sellers)),
        attributes={name: tuple(dict.fromkeys(values)) for name, values in attributes.items()},
        **fields,
    )


_parse_again = lru_cache(maxsize=2_000)(_parse)
"""Shops ask the same things over and over."""


def wants_reasons(query_string: bytes) -> bool:
    """Of a query string that could be parsed."""
    return EXPLAIN.encode() in query_string and any(
        name == EXPLAIN and _BOOLEANS[raw] for name, raw in pairs_of(query_string)
    )


def _window(fields: dict[str, Any]) -> None:
    """``page`` becomes an offset; beyond the first results only a cursor goes on."""
    number = fields.pop("page", None)
    if number is None:
        return
    if "cursor" in fields:
        raise _bad("page", "either page or cursor")
    limit = fields.get("limit", LIMIT_DEFAULT)
    if number * limit > MAX_OFFSET:
        raise _bad("page", f"pages end at result {MAX_OFFSET}; follow next from there")
    fields["offset"] = (number - 1) * limit


def refuse_unknown(query_string: bytes, known: frozenset[str] = frozenset()) -> dict[str, str]:
    """The parameters of a route that knows only these, each at most once. Raises BadParameter."""
    found: dict[str, str] = {}
    for name, raw in pairs_of(query_string) if query_string else ():
        if name not in known:
            raise _bad(name[:100], "unknown parameter")
        if name in found:
            raise _bad(name, "given more than once")
        found[name] = raw
    return found
