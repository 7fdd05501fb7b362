"""Attributes as numbers, so that counting them touches no text.

A catalog has hundreds of thousands of different attribute values. Looking up what they are is what makes a facet slow
(measured: 60 ms of an 80 ms search), so the index counts codes, and only those that are shown get their text: from any
product that has one. A code is a hash of its name and one of name and value, so what was once learnt stays true, and
which codes are of one name can be told without knowing it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from hashlib import blake2b
from typing import NamedTuple

_REMEMBERED = 30_000
"""Attributes kept in memory, and as many that were in use before those, about 15 MB together; one product page of a
shop shows a hundred."""
_VALUE_BITS = 40
NAME_BITS = ((1 << 23) - 1) << _VALUE_BITS
"""The part of a code that its name makes up. Of ten thousand names some six pairs are counted as one when facets are
chosen, and shown as two. With a million values of one name there is a clash in every second catalog: whoever filters by
one of the two finds the other as well."""


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
    """63 bits: as much as an engine's integers hold."""
    return codes(((name, value),))[0]


def codes(values: Pairs) -> list[int]:
    """The codes of a product's attributes, in order: without a call more for each of dozens than it takes."""
    return [
        name_code(name) | _from_bytes(blake2b(f"{name}\x1f{value}".encode(), digest_size=5).digest())
        for name, value in values
    ]


@lru_cache(maxsize=10_000)
def name_code(name: str) -> int:
    """What all codes of this name have in common, their NAME_BITS."""
    return _from_bytes(blake2b(name.encode(), digest_size=8).digest()) & NAME_BITS


class Names:
    """Remembers what codes stand for, as long as they are asked for now and then. Safe to share between threads:
    entries are only added, or go over to the older ones and then are forgotten."""

    def __init__(self, at_once: int = 1) -> None:
        """``at_once``: how many unknown codes are asked for together; a product that has one teaches many others."""
        self._at_once = at_once
        self._known: dict[int, Attribute] = {}
        self._older: dict[int, Attribute] = {}

    def of(self, codes: Iterable[int], examples: Examples, nearby: Nearby | None = None) -> dict[int, Attribute]:
        """``nearby`` are products that are cheap to look at and likely to have what is not known; they are looked at
        first."""
        wanted, known = list(codes), self._known
        unknown = self._missing(wanted, known)
        if nearby is not None and unknown:
            _learn(known, nearby())
            unknown = self._missing(unknown, known)
        while unknown:
            _learn(known, examples(unknown[: self._at_once]))
            unknown = self._missing(unknown[self._at_once :], known)
        if len(known) > _REMEMBERED:
            self._older, self._known = known, {}
        return {one: known[one] for one in wanted if one in known}

    def _missing(self, wanted: Sequence[int], known: dict[int, Attribute]) -> list[int]:
        """Those that were known once are known again."""
        older = self._older
        known.update({one: older[one] for one in wanted if one not in known and one in older})
        return [one for one in wanted if one not in known]


def _learn(known: dict[int, Attribute], examples: Iterable[Pairs]) -> None:
    for shown in examples:
        known.update(zip(codes(shown), (Attribute(name, value) for name, value in shown), strict=True))
