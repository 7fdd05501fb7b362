"""Attributes as numbers, so that counting them touches no text.

A catalog has hundreds of thousands of different attribute values. Looking up their names is what makes a facet slow
(measured: 60 ms of an 80 ms search), so the index counts 53-bit codes, and only the codes that are shown get a name:
from any product that has one. A code is a hash of its name and value, so what was once learnt stays true.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from hashlib import blake2b
from typing import NamedTuple

_REMEMBERED = 50_000
"""Names kept in memory, about 10 MB; one product page of a shop shows a hundred."""


_from_bytes = int.from_bytes


class Attribute(NamedTuple):
    name: str
    value: str


Pairs = Sequence[tuple[str, str]]
"""Names and values; of an attribute with several values one pair for each."""
Examples = Callable[[Sequence[int]], Iterable[Pairs]]
"""For each code the attributes of any product that has it."""
Nearby = Callable[[], Iterable[Pairs]]


def text(value: str | float | bool) -> str:
    """How a value is shown and filtered: true, false, 17, 2.13 or the text itself."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value.strip()
    return f"{value:.10g}"


def code(name: str, value: str) -> int:
    """53 bits, exact as a float too: of ten thousand catalogs with a million different values one has a clash."""
    return codes(((name, value),))[0]


def codes(values: Pairs) -> list[int]:
    """The codes of a product's attributes, in order: without a call for each of dozens."""
    return [_from_bytes(blake2b(f"{name}\x1f{value}".encode(), digest_size=8).digest()) >> 11 for name, value in values]


class Names:
    """Remembers what codes stand for. Safe to share between threads: entries are only added, or all forgotten."""

    def __init__(self, at_once: int = 1) -> None:
        """``at_once``: how many unknown codes are asked for together; a product that has one teaches many others."""
        self._at_once = at_once
        self._known: dict[int, Attribute] = {}

    def of(self, codes: Iterable[int], examples: Examples, nearby: Nearby | None = None) -> dict[int, Attribute]:
        """``nearby`` are products that are cheap to look at and likely to have what is not known; they are looked at
        first."""
        wanted, known = list(codes), self._known
        unknown = [one for one in wanted if one not in known]
        if nearby is not None and unknown:
            _learn(known, nearby())
            unknown = [one for one in unknown if one not in known]
        while unknown:
            _learn(known, examples(unknown[: self._at_once]))
            unknown = [one for one in unknown[self._at_once :] if one not in known]
        if len(known) > _REMEMBERED:
            self._known = {}
        return {one: known[one] for one in wanted if one in known}


def _learn(known: dict[int, Attribute], examples: Iterable[Pairs]) -> None:
    for shown in examples:
        known.update(zip(codes(shown), (Attribute(name, value) for name, value in shown), strict=True))
