"""Calls that come in the same moment, worked off together: what a round trip costs is paid once for all of them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from projections.views import ViewsUnavailable

Call = TypeVar("Call")
Answer = TypeVar("Answer")


class Rounds(Generic[Call, Answer]):
    """``work`` gives what came of each of its calls, an exception for one that has failed alone."""

    def __init__(self, work: Callable[[Sequence[Call]], Awaitable[Sequence[Answer | Exception]]]) -> None:
        self._work = work
        self._joined: list[tuple[Call, asyncio.Future[Answer]]] = []
        self._next: asyncio.Task[None] | None = None
        """The round that may still be joined."""

    async def join(self, call: Call) -> Answer:
        """What came of it. Raises what ``work`` gives for it or raises, and ViewsUnavailable when somebody else of the
        round was cancelled: that ends all of it, and nothing of it runs once this has returned."""
        if self._next is None:
            self._next = asyncio.create_task(self._round())
        mine, done = self._next, asyncio.get_running_loop().create_future()
        self._joined.append((call, done))
        try:
            answer: Answer = await done
        except asyncio.CancelledError:
            mine.cancel()
            raise
        return answer

    async def _round(self) -> None:
        joined, self._joined, self._next = self._joined, [], None
        answers: Sequence[Answer | Exception]
        try:
            answers = await self._work([call for call, _ in joined])
        except asyncio.CancelledError:
            answers = [ViewsUnavailable("given up in the midst of it")] * len(joined)
        except Exception as error:
            answers = [error] * len(joined)
        for (_, done), answer in zip(joined, answers, strict=True):
            if done.done():
                continue  # cancelled
            if isinstance(answer, Exception):
                done.set_exception(answer)
            else:
                done.set_result(answer)
