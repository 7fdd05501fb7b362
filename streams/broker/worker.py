"""The consuming side of the full profile, whatever feeds it: handlers on one end, sources on the other.

A *source* (``streams/broker/faust_source.py``, ``streams/broker/kafka_source.py``) shares the partitions of the topic
with the other members of its group, and hands messages to an *intake* (``intake.py``), which makes of them what
a *handler* wants: the events of each partition once, in order, without gaps. Delivery is at least once; that nothing is
doubled is the sink's doing, which knows the position up to which it holds a partition.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from commands.store.port import Position
from domain.recorded import Recorded

if TYPE_CHECKING:
    from streams.broker.intake import Intake


class SinkUnavailable(Exception):
    """Raised by a handler: the sink cannot store anything just now."""


class SinkLost(Exception):
    """Raised by a handler: the sink does not hold what it said it held (it was flushed). It is asked anew."""


class Handler(Protocol):
    """Folds events into a sink. Partitions come side by side, the events of one partition one call after the other."""

    async def begin(self, partition: int) -> Position:
        """The position up to which the sink holds this partition, 0 for an empty sink. Asked whenever a partition is
        assigned. Everything beyond comes, from the log itself if the topic does not reach back so far."""

    async def handle(self, partition: int, events: Sequence[Recorded], upto: Position) -> None:
        """Returns when the sink has stored the events, and that the partition is complete up to ``upto``.

        Idempotent by position: what lies at or below the sink's own position changes nothing, and another worker that
        does not know yet that it lost the partition may call with the same. There may be no events at all, when only
        the position moves, or not even that: then it is only to be found out whether the sink holds what it held.
        Parking an event that cannot be folded is the handler's business.

        Raises ``SinkUnavailable`` for what passes: it is called again with the same, after a pause. ``SinkLost`` when
        the sink does not hold what it held. Anything else is a bug and ends the worker with nothing committed.
        """


class Source(Protocol):
    async def run(self, intake: Intake) -> None:
        """Until stopped. Raises what the handler raised, WrongTopic."""

    def stop(self) -> None:
        """``run`` finishes what it is handing over, commits, and returns."""
