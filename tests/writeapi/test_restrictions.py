"""Which restrictions hold, for a process that does not make the rules itself."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest

from commands.context import system_context
from commands.engine import Engine
from commands.errors import UnreadableStream
from commands.store.memory import MemoryLog
from domain.catalog.rule import PutRule, Restriction, Scope, Synonyms, WithdrawRule
from domain.decider import Command
from tests.damage import damage
from writeapi.merchants.restrictions import REFRESH_S, Restrictions

BEDS = Restriction(("US-CA",), Scope((("Beds",),)))
SOFAS = Restriction(("DE",), Scope((("Sofas",),)))


class Desk:
    """An engine, and what it knows of restrictions by a clock that is set."""

    def __init__(self, engine: Engine, log: MemoryLog) -> None:
        self.engine = engine
        self.seconds = 100.0
        self.asked = 0
        self.failing = False
        self._log = log
        self.restrictions = Restrictions(engine, self._rules, lambda: self.seconds)
        engine.listeners.append(self.restrictions.committed)

    async def _rules(self, limit: int) -> Sequence[str]:
        self.asked += 1
        await asyncio.sleep(0)
        if self.failing:
            raise ConnectionError
        return [stream for stream in self._log.streams if stream.startswith("rul_")][:limit]

    async def does(self, *commands: Command) -> None:
        for command in commands:
            await self.engine.submit(command, system_context("test", 1))

    async def reads(self) -> None:
        """What others wrote, as a process on the same log does by and by."""
        self.engine.absorb(await self._log.read(self.engine.position, 1_000))


@asynccontextmanager
async def desk(log: MemoryLog) -> AsyncIterator[Desk]:
    engine = Engine(log)
    await engine.start()
    try:
        yield Desk(engine, log)
    finally:
        await engine.close()


@pytest.fixture
async def log() -> MemoryLog:
    return MemoryLog()


async def test_what_is_made_here_counts_at_once(log: MemoryLog) -> None:
    async with desk(log) as here:
        assert await here.restrictions.now() == []
        await here.does(PutRule("rul_1", BEDS), PutRule("rul_2", Synonyms(("sofa", "couch"))))
        assert await here.restrictions.now() == [BEDS]
        await here.does(PutRule("rul_1", SOFAS))
        assert await here.restrictions.now() == [SOFAS]
        await here.does(WithdrawRule("rul_1"))
        assert await here.restrictions.now() == []
        assert here.asked == 1


async def test_what_others_make_counts_within_a_second(log: MemoryLog) -> None:
    async with desk(log) as here, desk(log) as there:
        assert await here.restrictions.now() == []
        await there.does(PutRule("rul_1", BEDS), PutRule("rul_2", SOFAS), PutRule("rul_3", Synonyms(("a", "b"))))
        await here.reads()
        here.seconds += REFRESH_S - 0.01
        assert await here.restrictions.now() == []
        here.seconds += 0.01
        assert await here.restrictions.now() == [BEDS, SOFAS]
        await there.does(WithdrawRule("rul_1"))
        await here.reads()
        assert await here.restrictions.now() == [SOFAS]
        here.seconds += REFRESH_S
        assert await here.restrictions.now() == [SOFAS], "withdrawn for good"
        assert here.asked == 3


async def test_many_ask_once_and_a_failure_is_told_and_not_remembered(log: MemoryLog) -> None:
    async with desk(log) as here:
        await here.does(PutRule("rul_1", BEDS))
        assert await asyncio.gather(*(here.restrictions.now() for _ in range(5))) == [[BEDS]] * 5
        assert here.asked == 1
        here.seconds += REFRESH_S
        here.failing = True
        with pytest.raises(ConnectionError):
            await here.restrictions.now()
        here.failing = False
        assert await here.restrictions.now() == [BEDS]


async def test_while_a_rule_cannot_be_read_nothing_is_sold(log: MemoryLog) -> None:
    """It may forbid what is about to be sold, and of what cannot be read nobody knows. The error names the rule."""
    async with desk(log) as there:
        await there.does(PutRule("rul_1", BEDS), PutRule("rul_2", SOFAS))
    damage(log, "rul_2")
    async with desk(log) as here:
        for _ in range(2):
            with pytest.raises(UnreadableStream, match="rul_2"):
                await here.restrictions.now()
