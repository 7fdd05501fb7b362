"""Something happens right before the engine's first command of a kind."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.e2e.house import House

Happens = Callable[[], Awaitable[None]]


def interrupt(
    house: House, kind: type, monkeypatch: pytest.MonkeyPatch, happens: Callable[[], Awaitable[None]]
) -> None:
    submit, met = house.services.engine.submit, asyncio.Event()

    async def later(*given: Any, **more: Any) -> Any:
        met.set()
        await happens()
        return await submit(*given, **more)

    def submitted(command: Any, *given: Any, **more: Any) -> Any:
        first = type(command) is kind and not met.is_set()
        return later(command, *given, **more) if first else submit(command, *given, **more)

    monkeypatch.setattr(house.services.engine, "submit", submitted)


class Held:
    """It waits until it is let go."""

    def __init__(self, house: House, kind: type, monkeypatch: pytest.MonkeyPatch) -> None:
        self.waits, self.let_go = asyncio.Event(), asyncio.Event()
        interrupt(house, kind, monkeypatch, self._wait)

    async def _wait(self) -> None:
        self.waits.set()
        await self.let_go.wait()
