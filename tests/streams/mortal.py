"""A process that dies at a step of its own."""

from __future__ import annotations

import asyncio
from typing import Any

from commands.context import Context
from commands.errors import StorageUnavailable
from domain.decider import Command
from tests.streams.house import House


class Mortal:
    """A process whose own steps end with one of a kind: before it or after it was done. What people ask goes on."""

    def __init__(self, house: House, step: type[Command], done: bool) -> None:
        self._house, self._submit = house, house.engine.submit
        self._step, self._done = step, done
        self._dead = asyncio.Event()
        house.engine.submit = self.submit  # type: ignore[method-assign, assignment]  # to die in the middle of it

    async def dies(self) -> None:
        """Once its step has come, it is gone."""
        await asyncio.wait_for(self._dead.wait(), 20)
        await self._house.crash()

    async def submit(self, command: Command, context: Context, **more: Any) -> Any:
        if not context.actor.startswith("system:"):
            return await self._submit(command, context, **more)
        if self._dead.is_set():
            raise StorageUnavailable("this process is dead")
        if not isinstance(command, self._step):
            return await self._submit(command, context, **more)
        if self._done:
            await self._submit(command, context, **more)
        self._dead.set()
        raise StorageUnavailable("the process died")
