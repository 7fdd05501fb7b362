"""What others have written since this process last did: whether what was decided meanwhile still holds."""

from __future__ import annotations

from collections.abc import Iterable

STREAMS_MAX = 20_000


class Moved:
    def __init__(self) -> None:
        self._streams: set[str] = set()
        self._unknown = False

    def hear(self, streams: Iterable[str]) -> None:
        self._streams.update(streams)
        if len(self._streams) > STREAMS_MAX:
            self.lose_track()

    def lose_track(self) -> None:
        """From now on any stream may have moved."""
        self._streams.clear()
        self._unknown = True

    def forget(self) -> None:
        """All of that is known and was reckoned with."""
        self._streams.clear()
        self._unknown = False

    def touches(self, streams: set[str]) -> bool:
        return self._unknown or not self._streams.isdisjoint(streams)
