"""A value that is made anew before anybody has to wait for it: whoever finds it old gets it, and begins the next."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import Generic, TypeVar

import structlog

JITTER = 0.2
T = TypeVar("T")

log = structlog.get_logger("ahead")
_chance = random.Random().random
"""Of its own: whoever seeds the global generator gets what he asked for."""


class Ahead(Generic[T]):
    """``fresh_s`` tells of a value how long it is; beyond that it is shown while the next is made, once for everybody.
    Each time is up to a fifth shorter or longer, so that processes that began together do not go on together. After a
    failure the value stays, and the next is made when it would have been due."""

    def __init__(
        self,
        make: Callable[[], Awaitable[T]],
        empty: T,
        fresh_s: Callable[[T], float],
        passing: tuple[type[Exception], ...],
        now: Callable[[], float] = monotonic,
        chance: Callable[[], float] = _chance,
    ) -> None:
        """``empty`` is shown until the first is made. Failures that are not ``passing`` are logged."""
        self._make = make
        self._value = empty
        self._fresh_s = fresh_s
        self._passing = passing
        self._now = now
        self._chance = chance
        self._due = now()
        self._making: asyncio.Task[None] | None = None

    def get(self) -> T:
        """Without waiting."""
        if self._making is None and self._now() >= self._due:
            self._making = asyncio.create_task(self._renew(), name="ahead")
        return self._value

    async def _renew(self) -> None:
        try:
            self._value = await self._make()
        except self._passing:
            pass
        except Exception:
            log.exception("not_made")
        finally:
            spread = 1 + JITTER * (2 * self._chance() - 1)
            self._due = self._now() + self._fresh_s(self._value) * spread
            self._making = None
