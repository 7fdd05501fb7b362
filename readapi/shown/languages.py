"""Which language a request is answered in: of the texts that there are the one that its Accept-Language asks for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Generic, NamedTuple, TypeVar

from starlette.requests import Request

from domain.catalog.language import best_of
from readapi.edge.headers import header

HEADER_CHARS_MAX = 500
RANGES_MAX = 10
"""That are looked at; the rest is what nobody cares for any more."""
VARY = (b"vary", b"Accept-Language")
PARAMETER = {
    "name": "Accept-Language",
    "in": "header",
    "required": False,
    "description": "languages to be told in, the dearest first; what has no text in them is told in its own",
    "schema": {"type": "string"},
    "example": "de-AT, de;q=0.9, en;q=0.5",
}
_RANGE = re.compile(r"\s*(\*|[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8}){0,3})\s*(?:;\s*[qQ]=([01](?:\.\d{0,3})?)\s*)?")
Wanted = tuple[str, ...]
"""Language ranges in lower case, the dearest first; none for whoever does not say."""
T = TypeVar("T")


def wanted_of(request: Request) -> Wanted:
    sent = header(request, b"accept-language")
    return _parsed(sent) if sent else ()


@lru_cache(2_048)
def _parsed(sent: str) -> Wanted:
    """Whatever is no language range is passed over, as a header of such little weight may be."""
    found: list[tuple[float, str]] = []
    for part in sent[:HEADER_CHARS_MAX].split(",")[:RANGES_MAX]:
        match = _RANGE.fullmatch(part)
        if match is not None and (quality := float(match[2] or 1)) > 0:
            found.append((-quality, match[1].lower()))
    found.sort(key=lambda one: one[0])
    return tuple(dict.fromkeys(name for _, name in found))


class InLanguages(NamedTuple, Generic[T]):
    """The same thing in each of its languages."""

    languages: tuple[str, ...]
    """Its own first."""
    by_language: Mapping[str, T]

    def best(self, wanted: Wanted) -> T:
        languages = self.languages
        if not wanted or len(languages) == 1:
            return self.by_language[languages[0]]
        return self.by_language[best_of(languages, wanted)]


def told_headers(languages: Iterable[str]) -> tuple[tuple[bytes, bytes], ...]:
    """Of what is told in these languages."""
    names = ", ".join(dict.fromkeys(languages))
    return ((b"content-language", names.encode()), VARY) if names else (VARY,)
