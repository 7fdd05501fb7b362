"""What others search for and find: words that led several sessions somewhere, and that find something now.

Made anew in the background, so that nobody waits for it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from itertools import islice

from projections.search import analysis
from projections.search.port import SearchUnavailable, Suggestion
from projections.views import ViewsUnavailable
from readapi.caching.ahead import Ahead
from readapi.caching.searches import Searches
from readapi.merchandising import Merchandising
from streams.signals.handover import Signals
from streams.signals.port import SignalsAway

KEPT_MAX = 50
LOOKED_AT = 100
SUGGESTED_MAX = 3
FRESH_S = 30.0
EMPTY_S = 2.0
"""While there are none, the first are not to be long in coming."""

Finds = Callable[[str], Awaitable[bool]]
"""Whether any product has all of the words. Raises SearchUnavailable, ViewsUnavailable."""


class PopularSearches:
    """``signals`` is None where nobody takes any, ``clock`` gives milliseconds since 1970."""

    def __init__(self, signals: Signals | None, finds: Finds, clock: Callable[[], int]) -> None:
        self._signals = signals
        self._finds = finds
        self._clock = clock
        passing = (SignalsAway, SearchUnavailable, ViewsUnavailable)
        self._known: Ahead[tuple[str, ...]] = Ahead(
            self._look, (), lambda found: FRESH_S if found else EMPTY_S, passing
        )

    def texts(self) -> tuple[str, ...]:
        """Those first that led most sessions somewhere; as last known, without waiting."""
        return () if self._signals is None else self._known.get()

    def completing(self, typed: str) -> list[Suggestion]:
        """Those that go on from what was typed."""
        begun = _plain(typed)
        found = (text for text in self.texts() if begun and _plain(text).startswith(begun))
        return [Suggestion(text, "search") for text in islice(found, SUGGESTED_MAX)]

    async def _look(self) -> tuple[str, ...]:
        assert self._signals is not None
        asked = await self._signals.asked(self._clock())
        return tuple([one.text for one in asked[:LOOKED_AT] if await self._finds(one.text)][:KEPT_MAX])


def finding(searches: Searches, merchandising: Merchandising) -> Finds:
    async def finds(text: str) -> bool:
        return await searches.finds(text, await merchandising.ranking())

    return finds


def _plain(text: str) -> str:
    return " ".join(analysis.words(analysis.clean(text)))
