"""What waits while slices move: commands that are put off, and watches that are set anew at the streams' new homes."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import NamedTuple

from commands.batch import Outcome
from commands.context import system_context
from commands.engine import QUEUE_MAX, Engine
from commands.errors import Overloaded, WritePathError
from commands.logs.home import DirectoryChanged
from domain.claim import TakeClaim
from domain.errors import DomainError
from domain.ids import claim_id

MARK = claim_id("mark", "move")
Begin = Callable[[], "asyncio.Future[Outcome]"]


class _Watch(NamedTuple):
    begin: Begin
    promised: asyncio.Future[Outcome]


class Moving:
    def __init__(self) -> None:
        self.goes_on = False
        self._one = asyncio.Lock()
        self._waiting: deque[tuple[Begin, asyncio.Future[Outcome]]] = deque()
        self._watches: dict[_Watch, asyncio.Future[Outcome]] = {}
        """What is watched at the streams' present home, by what was promised to whoever waits."""

    def put_off(self, begin: Begin) -> asyncio.Future[Outcome]:
        """What ``begin`` comes to, once the slices have moved. Raises Overloaded."""
        if len(self._waiting) >= QUEUE_MAX:
            raise Overloaded
        promised: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._waiting.append((begin, promised))
        return promised

    def watching(self, begin: Begin) -> asyncio.Future[Outcome]:
        """What ``begin`` comes to, or what it comes to when it is begun anew."""
        watch = _Watch(begin, asyncio.get_running_loop().create_future())
        self._set(watch)
        watch.promised.add_done_callback(lambda over: self._end(watch))
        return watch.promised

    def _set(self, watch: _Watch) -> None:
        self._watches[watch] = begun = watch.begin()
        begun.add_done_callback(lambda done: self._hear(watch, done))

    def _hear(self, watch: _Watch, done: asyncio.Future[Outcome]) -> None:
        if self._watches.get(watch) is done:
            hand_on(done, watch.promised)

    def _end(self, watch: _Watch) -> None:
        begun = self._watches.pop(watch, None)
        if begun is not None:
            begun.cancel()

    @asynccontextmanager
    async def everybody_waits(self) -> AsyncIterator[None]:
        """Until the block ends; then what was put off begins, in its order."""
        async with self._one:
            self.goes_on = True
            try:
                yield
            finally:
                self.goes_on = False
                self._begin_all()

    def _begin_all(self) -> None:
        for watch, old in list(self._watches.items()):
            if not old.done():
                self._set(watch)
                old.cancel()
        while self._waiting:
            begin, promised = self._waiting.popleft()
            if promised.done():
                continue
            try:
                begun = begin()
            except WritePathError as error:
                promised.set_exception(error)
            else:
                follow(begun, promised)


async def come_to_an_end(engine: Engine) -> None:
    """Returns when whatever the engine was given before has been written and told: its commands come one after the
    other, so one that is refused for sure is a mark between them."""
    with contextlib.suppress(DomainError, DirectoryChanged):
        await engine.submit(TakeClaim(MARK, ""), system_context("move", engine.clock()), expected_version=-1)


def follow(begun: asyncio.Future[Outcome], promised: asyncio.Future[Outcome]) -> None:
    """Hands on what the one comes to, and back when nobody waits for it any more."""
    begun.add_done_callback(lambda done: hand_on(done, promised))
    promised.add_done_callback(lambda over: begun.cancel() if over.cancelled() else None)


def hand_on(done: asyncio.Future[Outcome], promised: asyncio.Future[Outcome]) -> None:
    if promised.done():
        return
    if done.cancelled():
        promised.cancel()
    elif (error := done.exception()) is not None:
        promised.set_exception(error)
    else:
        promised.set_result(done.result())
