"""An hour of it: the service is killed at random instants, wherever it stands then, until the time is over."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from itertools import count
from multiprocessing.connection import Connection
from random import Random
from typing import Protocol

from kontor.day.crashing import SILENT_S, Buying, Stuck
from kontor.day.journal import Journal
from kontor.day.life import Turn
from kontor.day.plan import House, Plan
from kontor.settings import Settings

LIVES_S = (0.5, 3.0, 12.0)
"""The longest that a process lives, each a third of the time: some die before they have begun to answer."""
AHEAD = 4_000
"""Purchases handed to a process: more than it answers in its time."""
LOOK_S = 0.05
AGAIN_S = 1.0
"""Until the next begins after one that ended by itself."""


class Around(Protocol):
    """Whoever else may be killed."""

    def look(self) -> None:
        """Does what is due by now. Raises Stuck."""

    @property
    def troubled(self) -> bool:
        """Whether a service may have ended by itself."""


class Hour(Buying):
    def __init__(
        self, settings: Settings, plan: Plan, house: House, journal: Journal, around: Around, seconds: float
    ) -> None:
        super().__init__(settings, plan, house, journal)
        self.ended_alone = 0
        """Processes that could not go on without a server, and were begun again."""
        self._around = around
        self._seconds = seconds
        self._chance = Random(f"{plan.seed}/lives")
        self._lowest = 0
        """Every purchase below has its answer."""

    def pass_by(self, show: Callable[[int], None]) -> None:
        """Then whoever was not answered asks until he is. Raises Stuck."""
        begun = time.monotonic()
        over = begun + self._seconds
        while (now := time.monotonic()) < over:
            lives = self._chance.choice(LIVES_S) * self._chance.random()
            self._one(self._open(count), partial(self._listen, min(over, now + lives)))
            show(int(time.monotonic() - begun))
        asked = [turn for turn in self._open(lambda lowest: range(lowest, self._handed_out)) if turn.again]
        while left := [turn for turn in asked if turn.number not in self.answered]:
            self._one(left, partial(self._listen_to_the_end, len(left)))

    def _open(self, numbers: Callable[[int], Iterable[int]]) -> list[Turn]:
        """Of these numbers, from the lowest on that has no answer."""
        while self._lowest in self.answered:
            self._lowest += 1
        return self.turns(numbers(self._lowest), AHEAD)

    def _one(self, turns: Sequence[Turn], listen: Callable[[Connection], None]) -> None:
        try:
            self.live(turns, listen)
        except Stuck:
            if not self._around.troubled:
                raise
            self.ended_alone += 1
            time.sleep(AGAIN_S)
            self._around.look()

    def _listen(self, until: float, answers: Connection) -> None:
        while (left := until - time.monotonic()) > 0:
            self._around.look()
            self.hear(answers, min(left, LOOK_S))

    def _listen_to_the_end(self, expected: int, answers: Connection) -> None:
        until = time.monotonic() + SILENT_S
        while expected:
            self._around.look()
            if self.hear(answers, LOOK_S):
                expected -= 1
            elif time.monotonic() > until:
                raise Stuck(f"{expected} purchases without an answer after {SILENT_S:.0f} s")
