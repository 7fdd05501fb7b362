"""What feeds a worker from the topic: what its two kinds have in common.

``kafka_source.py`` is plain aiokafka, ``faust_source.py`` is Faust; ``tests/contracts/source.py`` holds for both.
"""

from __future__ import annotations

import asyncio
import random
from abc import ABC, abstractmethod

import structlog
from aiokafka.errors import KafkaError

from commands.outage import Outage
from commands.pausing import pause
from streams.broker.errors import BrokerUnavailable
from streams.broker.intake import Intake, Stopped
from streams.broker.topic import Topic

MESSAGES = 4_000
"""A call of the handlers."""
WITHIN_S = 0.05
COMMIT_S = 0.5
SESSION_S = 6.0
HEARTBEAT_S = 1.0
METADATA_S = 5.0
"""How soon a topic that was deleted and made again is found."""
RETRY_S = 1.0

log = structlog.get_logger("source")


class Source(ABC):
    def __init__(self, topic: Topic, group: str, instance: str, within: float = WITHIN_S) -> None:
        """``instance`` is the member's own name, the same after a restart: it then gets its partitions back at once.
        ``within``: seconds between two calls of the handlers while there is little to do."""
        self._topic = topic
        self._group = group
        self._instance = instance
        self._within = within
        self._stopping = asyncio.Event()
        self._intake: Intake | None = None
        self._outage = Outage(log, "source_interrupted", "source_goes_on")

    def stop(self) -> None:
        self._stopping.set()
        if self._intake is not None:
            self._intake.stop()

    async def run(self, intake: Intake) -> None:
        """Until stopped. Raises what a handler raises, other than that its sink is away."""
        self._intake = intake
        while not self._stopping.is_set():
            try:
                await self._topic.ensure()
                await self._consume(intake)
            except Stopped:
                return
            except (BrokerUnavailable, KafkaError, OSError) as error:
                self._outage.met(error)
                await self._pause(RETRY_S * (0.5 + random.random()))

    @abstractmethod
    async def _consume(self, intake: Intake) -> None:
        """Hands over what comes, until stopped or until the broker or a handler gives up."""

    async def _pause(self, seconds: float) -> None:
        """Shorter if it is to stop."""
        if seconds > 0:
            await pause(self._stopping, seconds)

    def _assigned(self, partitions: list[int], intake: Intake) -> None:
        intake.assigned()
        self._outage.ended()
        log.info("assigned", partitions=sorted(partitions))
