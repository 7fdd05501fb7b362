"""A sink of views as a handler of events: what a worker hands over is folded and written."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from commands.store.port import Position
from domain.recorded import Recorded
from projections.sink import RowsLost, Sink
from projections.views import ViewsUnavailable
from streams.broker.worker import SinkLost, SinkUnavailable

Folded = Callable[[str, Sequence[Recorded], float], None]
"""What was folded, by whom, in how many seconds."""


class Sinking:
    def __init__(self, name: str, sink: Sink, partitions: int) -> None:
        self.folded: list[Folded] = []
        self._name = name
        self.sink = sink
        self._reached = dict.fromkeys(range(partitions), 0)

    @property
    def position(self) -> int:
        """Up to which this worker has taken its partitions."""
        return min((position for position in self._reached.values() if position), default=0)

    async def begin(self, partition: int) -> Position:
        try:
            progress = await self.sink.progress()
        except ViewsUnavailable as error:
            raise SinkUnavailable(str(error)) from error
        return progress.get(partition, 0)

    async def handle(self, partition: int, events: Sequence[Recorded], upto: Position) -> None:
        began = time.perf_counter()
        try:
            await self.sink.write(partition, upto, events)
        except RowsLost as error:
            raise SinkLost(str(error)) from error
        except ViewsUnavailable as error:
            raise SinkUnavailable(str(error)) from error
        self._reached[partition] = upto
        for told in self.folded if events else ():
            told(self._name, events, time.perf_counter() - began)
