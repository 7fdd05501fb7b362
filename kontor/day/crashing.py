"""The day itself: one process after the other, each killed amid its work, until every purchase is answered."""

from __future__ import annotations

import contextlib
import multiprocessing
from collections.abc import Callable
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext

import msgspec

from kontor.day.life import Turn, live
from kontor.day.plan import LANES, Answered, House, Plan
from kontor.settings import Settings

SILENT_S = 300.0
"""A process that answers nothing for so long hangs. A busy machine needs a while to begin one."""
_decode = msgspec.json.Decoder(Answered).decode


class Stuck(Exception):
    """A process ended by itself, or does not go on; the message says which."""


def _nobody() -> None:
    pass


class Day:
    def __init__(self, settings: Settings, plan: Plan, house: House, strike: Callable[[], None] = _nobody) -> None:
        """``strike`` kills whoever else is to die together with a service."""
        self.answered: dict[int, Answered] = {}
        """By number, what each buyer was told first."""
        self.contradicted: list[str] = []
        """Buyers who were told something else later."""
        self.kills = 0
        self._settings = settings
        self._plan = plan
        self._house = house
        self._strike = strike
        self._kill_at = plan.kills()
        self._handed_out = 0
        """Numbers below this may have been asked for."""
        self._context = _context()

    def pass_by(self, show: Callable[[int], None]) -> None:
        """Raises Stuck."""
        while len(self.answered) < self._plan.purchases:
            at = self._kill_at.pop(0) if self._kill_at else self._plan.purchases
            self._live(max(1, at - len(self.answered)))
            self.kills += 1
            show(len(self.answered))

    def _live(self, until: int) -> None:
        """One process, killed after so many answers, or when there is nothing more to buy."""
        turns = self._turns(until + 2 * LANES)
        ours, theirs = multiprocessing.Pipe(duplex=False)
        process = self._context.Process(target=live, args=(self._settings, self._plan, self._house, turns, theirs))
        process.start()
        theirs.close()
        try:
            self._listen(ours, min(until, len(turns)))
        finally:
            process.kill()
            self._strike()
            process.join()
        self._rest(ours)
        ours.close()

    def _turns(self, count: int) -> list[Turn]:
        """The next purchases without an answer. Each lane had begun at most the first of its own."""
        open_ = [number for number in range(self._plan.purchases) if number not in self.answered][:count]
        first: dict[int, int] = {}
        for number in open_:
            first.setdefault(number % LANES, number)
        turns = [Turn(n, n < self._handed_out and first[n % LANES] == n) for n in open_]
        self._handed_out = max(self._handed_out, open_[-1] + 1)
        return turns

    def _listen(self, answers: Connection, until: int) -> None:
        for heard in range(until):
            try:
                if not answers.poll(SILENT_S):
                    raise Stuck(f"no answer for {SILENT_S:.0f} s, after {heard} of a process")
                self._note(_decode(answers.recv_bytes()))
            except EOFError:
                raise Stuck("a process has ended by itself; what it said is above") from None

    def _rest(self, answers: Connection) -> None:
        """What had been told before the process died and was not heard yet, up to the end or half a message."""
        with contextlib.suppress(EOFError, OSError):
            while answers.poll(0):
                self._note(_decode(answers.recv_bytes()))

    def _note(self, one: Answered) -> None:
        before = self.answered.setdefault(one.number, one)
        if before != one:
            self.contradicted.append(f"purchase {one.number} was {before}, and then {one}")


def _context() -> ForkServerContext:
    """Processes are forked from one that has all the code and nothing else, so that a life begins within moments."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["kontor.day.life"])
    return context
