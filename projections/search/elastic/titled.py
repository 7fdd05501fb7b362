"""In how many titles words stand on the server: asked about all at once, and remembered."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

from projections.search import analysis
from projections.search.elastic.words import documents_of

REMEMBERED_S = 600.0
"""What is made of it changes when twice as many titles have a word."""
REMEMBERED_MAX = 50_000


class Titled:
    """Safe to share between threads: entries are only replaced, or all forgotten."""

    def __init__(self, ask: Callable[[dict[str, Any]], Any], clock: Callable[[], float] = time.monotonic) -> None:
        """``ask`` sends the body of a request for term vectors and gives what was answered."""
        self._ask = ask
        self._clock = clock
        self._known: dict[str, int] = {}
        self._forget_at = 0.0

    def frequencies(self, stems: Sequence[str], titles: Sequence[str]) -> dict[str, int]:
        """By stem; what the server stems a word to is its own affair, so it is asked with words of these titles."""
        now = self._clock()
        if now >= self._forget_at or len(self._known) > REMEMBERED_MAX:
            self._known, self._forget_at = {}, now + REMEMBERED_S
        known = self._known
        if unknown := {stem for stem in stems if stem not in known}:
            self._learn(known, unknown, titles)
        return {stem: known.get(stem, 0) for stem in stems}

    def _learn(self, known: dict[str, int], unknown: set[str], titles: Sequence[str]) -> None:
        forms: dict[str, str] = {}
        for title in titles:
            pairs = zip(analysis.stems(title), analysis.words(title), strict=True)
            forms |= {stem: word for stem, word in pairs if stem in unknown}
        body = {"doc": {"title": list(forms.values())}, "fields": ["title"], "term_statistics": True}
        answer = self._ask(body | {"positions": False, "payloads": False})["term_vectors"]
        known |= zip(forms, documents_of(answer, list(forms.values()), ["title"]), strict=True)
