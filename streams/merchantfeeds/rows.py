"""Rows of products, offers and stock on their way in: what was read, what came of it, and whoever takes them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, Protocol

ROW_MAX = 1 << 20
"""Bytes; the same as a request body may have."""

DEPTH_MAX = 64
"""Lists and objects within each other; whatever is done with a row goes through all of them."""


class Rejection(NamedTuple):
    number: int
    reason: str
    pointer: str | None = None


class Line(NamedTuple):
    number: int
    data: Any
    """The decoded object, or the reason why there is none, as a Rejection."""
    decimal: str = ""
    """Of a table, whose cells have no types: what its numbers have before their fraction."""


class Loaded(NamedTuple):
    rejections: list[Rejection]
    """In the order of the lines."""
    changed: int
    """Lines of which something became an event."""


class Loader(Protocol):
    """The write path, for rows of one shop. Methods raise WritePathError, and NotFound where there is no such shop."""

    async def load(self, what: str, lines: Sequence[Line], shop_id: str) -> Loaded:
        """Each line is taken or refused by itself, by the checks that the API has."""

    async def withdraw(self, what: str, skus: Sequence[str], shop_id: str) -> int:
        """Ends the shop's offers of these, or counts their stock as none; how many that changed."""


def require_shallow(raw: bytes, data: Any) -> None:
    """``data`` as it was decoded from ``raw``. Raises ValueError for what is nested deeper than DEPTH_MAX."""
    if raw.count(b"[") + raw.count(b"{") <= DEPTH_MAX:
        return
    level = [data]
    for _ in range(DEPTH_MAX):
        inner = (one.values() if isinstance(one, dict) else one for one in level)
        level = [value for some in inner for value in some if isinstance(value, dict | list)]
        if not level:
            return
    raise ValueError(f"it is nested deeper than {DEPTH_MAX}")


def names_of(data: Any) -> Iterator[str]:
    """What a line is known by; a later line of the same name must find what the earlier one did."""
    if not isinstance(data, dict):
        return
    path, variants = data.get("path"), data.get("variants")
    if isinstance(path, list) and path:
        yield f"category {path[0]}"  # those below one first step are put one batch after the other
    for one in (data, *(variants if isinstance(variants, list) else ())):
        if isinstance(one, dict):
            for key in ("sku", "externalId", "external_id"):
                name = one.get(key)
                if isinstance(name, str):
                    yield name
