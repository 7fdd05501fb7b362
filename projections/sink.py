"""The way into a store of views that several workers share. Every adapter passes ``tests/contracts/sink.py``.

Workers divide the log's streams among them by partition. Each hands over the events of a partition in order and at
least once; a sink folds those its rows have not taken in yet, so that a repetition changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from domain.recorded import Recorded
from projections.folding import Parked
from projections.views import Touched, Views


class RowsLost(Exception):
    """The store has lost rows since progress was last asked for: it was flushed, or came back older than it was.
    Nothing was written. Progress is to be asked again, and the events beyond it to be handed over again."""


class Sink(Views, Protocol):
    async def progress(self) -> Mapping[int, int]:
        """The position up to which each partition is folded. Empty for a store that is new or has lost its rows: then
        the log is to be folded from its beginning. Raises ViewsUnavailable."""

    async def write(self, partition: int, upto: int, events: Sequence[Recorded]) -> Touched:
        """Folds events of a partition, then notes that it is folded up to ``upto``, never backwards.

        Events that cannot be folded are parked with their successors of the same stream; the rest goes on.
        Raises ViewsUnavailable; then the same call is to be made again. Raises RowsLost.
        """

    async def parked(self) -> Sequence[tuple[str, Parked]]:
        """By projection."""

    async def begin_again(self, projection: str) -> None:
        """Lets the log be folded into a projection from its beginning, parked events included; perhaps into others of
        the store as well. Rows stay, and take in what they lack. Whoever writes hears of it as of rows that were lost.

        Raises ViewsUnavailable.
        """
