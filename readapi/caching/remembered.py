"""Answers that hold until the search index changes: worked out once for everybody who asks meanwhile."""

from __future__ import annotations

import asyncio
import hashlib
import random
from collections import Counter, OrderedDict
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import Generic, NamedTuple, TypeVar

KEY_BYTES_MAX = 500
STALE_S = 1.0
"""An answer is shown for so long at most after the index has changed."""
RENEWED_MAX = 20
RENEWED_ASKED = 3
"""Only what was asked that often is worth being found before anybody asks again."""
RENEW_EVERY_S = 2.0
JITTER = 0.2
T = TypeVar("T")
Make = Callable[[], Awaitable[T]]
_chance = random.Random().random
"""Of its own: whoever seeds the global generator gets what he asked for."""


class Remembered(Generic[T]):
    """``generation`` gives a number that changes with the index. Keeps ``maximum`` answers at most, those that
    were asked for last, and no failure."""

    def __init__(self, generation: Callable[[], int], maximum: int) -> None:
        self._of = generation
        self._maximum = maximum
        self._generation = -1
        self._answers: OrderedDict[bytes, asyncio.Future[T]] = OrderedDict()
        self.hits = self.misses = 0
        """What was there at once, and what somebody waited for."""

    async def get(self, key: bytes, make: Make[T], holds: Callable[[T], bool] = lambda answer: True) -> T:
        """``holds``: whether what is remembered is still true, of an answer that time may change as well. Raises what
        ``make`` raises."""
        if self._generation != self._of():
            self._generation = self._of()
            self._answers.clear()
        key = short(key)
        known = self._answers.get(key)
        if known is not None and _succeeded(known) and not holds(known.result()):
            del self._answers[key]
        answer = self._answer(key, make)
        self._count(answer.done())
        return await _of(answer)

    def _count(self, at_once: bool) -> None:
        if at_once:
            self.hits += 1
        else:
            self.misses += 1

    def _answer(self, key: bytes, make: Make[T]) -> asyncio.Future[T]:
        known = self._answers.get(key)
        if known is not None:
            self._answers.move_to_end(key)
        else:
            known = self._answers[key] = asyncio.ensure_future(make())
            known.add_done_callback(lambda done: self._forget_failure(key, done))
            while len(self._answers) > self._maximum:
                self._answers.popitem(last=False)
        return known

    def _forget_failure(self, key: bytes, done: asyncio.Future[T]) -> None:
        failed = done.cancelled() or done.exception() is not None
        if failed and self._answers.get(key) is done:
            del self._answers[key]


class AnswerAt(NamedTuple, Generic[T]):
    answer: T
    position: int
    """What it shows at least."""


class Refreshed(Remembered[T]):
    """Remembers besides for a moment what it knew before the index changed, so that nobody waits who does not insist.

    Whoever asks for something old gets it and begins the next answer, once for everybody; what is asked most is begun
    by itself when somebody is seen to ask anything after a change, one after the other. ``position`` is how far the
    index shows; ``now`` gives seconds from any origin, ``chance`` a number from 0 to 1.
    """

    def __init__(
        self,
        generation: Callable[[], int],
        position: Callable[[], int],
        maximum: int,
        now: Callable[[], float] = monotonic,
        chance: Callable[[], float] = _chance,
    ) -> None:
        super().__init__(generation, maximum)
        self._position = position
        self._now = now
        self._chance = chance
        self._old: OrderedDict[bytes, asyncio.Future[T]] = OrderedDict()
        self._old_position = 0
        self._old_until = 0.0
        self._seen = (0.0, 0)
        """When the index was last seen as it is now, and how far it showed then."""
        self._asked: Counter[bytes] = Counter()
        self._makes: dict[bytes, Make[T]] = {}
        self._renew_at = 0.0
        self._renewing: asyncio.Task[None] | None = None

    async def answered(self, key: bytes, make: Make[T], at_least: int = 0) -> AnswerAt[T]:
        """An answer of ``at_least`` this position, which the index has reached. Raises what ``make`` raises."""
        key, position = short(key), self._position()
        if self._generation != self._of():
            self._turn()
        self._seen = (self._now(), position)
        answer = self._answer(key, make)
        self._note(key, make)
        old = None if answer.done() or at_least > self._old_position else self._old.get(key)
        shows_old = old is not None and self._now() < self._old_until
        self._count(shows_old or answer.done())
        if old is not None and shows_old:
            return AnswerAt(old.result(), self._old_position)
        return AnswerAt(await _of(answer), position)

    def _turn(self) -> None:
        """The index is another one."""
        seen_at, self._old_position = self._seen
        self._generation, self._old_until = self._of(), seen_at + STALE_S
        self._old = OrderedDict((key, known) for key, known in self._answers.items() if _succeeded(known))
        self._answers.clear()
        if self._renewing is None and self._now() >= self._renew_at:
            often = [key for key, times in self._asked.most_common(RENEWED_MAX) if times >= RENEWED_ASKED]
            makes = {key: self._makes[key] for key in often}
            self._asked.clear()
            self._makes.clear()
            if makes:
                self._renewing = asyncio.create_task(self._renew(makes), name="renewing")

    def _note(self, key: bytes, make: Make[T]) -> None:
        if key in self._makes or len(self._makes) < self._maximum:
            self._asked[key] += 1
            self._makes[key] = make

    async def _renew(self, makes: dict[bytes, Make[T]]) -> None:
        try:
            for key, make in makes.items():
                answer = self._answer(key, make)
                await asyncio.wait([answer])  # whoever asks for it hears why it failed
        finally:
            spread = 1 + JITTER * (2 * self._chance() - 1)
            self._renew_at = self._now() + RENEW_EVERY_S * spread
            self._renewing = None


def short(key: bytes) -> bytes:
    return hashlib.blake2b(key).digest() if len(key) > KEY_BYTES_MAX else key


def _succeeded(known: asyncio.Future[T]) -> bool:
    return known.done() and not known.cancelled() and known.exception() is None


async def _of(known: asyncio.Future[T]) -> T:
    # Shielded, because others may be waiting for the same answer when one of them goes away.
    return known.result() if known.done() else await asyncio.shield(known)
