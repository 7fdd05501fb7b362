"""Attributes as numbers, so that counting them touches no text.

A catalog has hundreds of thousands of different attribute values. Looking up their names is what makes a facet slow
(measured: 60 ms of an 80 ms search), so the index counts 53-bit codes, and only the codes that are shown get a name:
from any product that has one. A code is a hash of its name and value, so what was once learnt stays true.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from hashlib import blake2b
from typing import NamedTuple

import tantivy

from projections.search import stored

_REMEMBERED = 50_000
"""Names kept in memory, about 10 MB; one product page of a shop shows a hundred."""


_from_bytes = int.from_bytes


class Attribute(NamedTuple):
    name: str
    value: str


def text(value: str | float | bool) -> str:
    """How a value is shown and filtered: true, false, 17, 2.13 or the text itself."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value.strip()
    return f"{value:.10g}"


def code(name: str, value: str) -> int:
    """53 bits, exact as a float too: of ten thousand catalogs with a million different values one has a clash."""
    return codes({name: value})[0]


def codes(values: Mapping[str, str]) -> list[int]:
    """The codes of a product's attributes, by name, in order: without a call for each of dozens."""
    return [
        _from_bytes(blake2b(f"{name}\x1f{value}".encode(), digest_size=8).digest()) >> 11
        for name, value in values.items()
    ]


class Names:
    """Remembers what codes stand for. Safe to share between threads: entries are only added, or all forgotten."""

    def __init__(self, shape: tantivy.Schema) -> None:
        self._schema = shape
        self._known: dict[int, Attribute] = {}

    def of(self, searcher: tantivy.Searcher, codes: Iterable[int]) -> dict[int, Attribute]:
        known = self._known
        found: dict[int, Attribute] = {}
        for wanted in codes:
            if wanted not in known:
                self._learn(searcher, wanted)
            if wanted in known:
                found[wanted] = known[wanted]
        if len(known) > _REMEMBERED:
            self._known = {}
        return found

    def _learn(self, searcher: tantivy.Searcher, wanted: int) -> None:
        """Reads one product that has the attribute, and with it all the others it has."""
        query = tantivy.Query.term_query(self._schema, "attribute", wanted)
        for _, address in searcher.search(query, 1, count=False).hits:
            for name, value in stored.read(searcher, address).attributes.items():
                self._known[code(name, value)] = Attribute(name, value)
