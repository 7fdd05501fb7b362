"""The day itself: one process after the other, each killed amid its work, until every purchase is answered."""

from __future__ import annotations

import contextlib
import multiprocessing
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from itertools import islice
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext

import msgspec

from kontor.day.journal import Journal
from kontor.day.life import Turn, live
from kontor.day.plan import LANES, Acknowledged, Answered, House, Plan
from kontor.settings import Settings

SILENT_S = 300.0
"""A process that answers nothing for so long hangs. A busy machine needs a while to begin one."""
_decode = msgspec.json.Decoder(Answered | Acknowledged).decode


class Stuck(Exception):
    """A process ended by itself, or does not go on; the message says which."""


def _nobody() -> None:
    pass


class Buying:
    """Lives of the service, and what buyers were told in all of them."""

    def __init__(self, settings: Settings, plan: Plan, house: House, journal: Journal) -> None:
        self.answered: dict[int, Answered] = {}
        """By number, what each buyer was told first."""
        self.contradicted: list[str] = []
        """Buyers who were told something else later."""
        self.journal = journal
        self.kills = 0
        self._settings = settings
        self._plan = plan
        self._house = house
        self._handed_out = 0
        """Numbers below this may have been asked for."""
        self._context = _context()

    def live(self, turns: Sequence[Turn], listen: Callable[[Connection], None]) -> None:
        """One process, killed when ``listen`` has heard enough of what it tells."""
        ours, theirs = multiprocessing.Pipe(duplex=False)
        process = self._context.Process(target=live, args=(self._settings, self._plan, self._house, turns, theirs))
        process.start()
        theirs.close()
        try:
            listen(ours)
        finally:
            process.kill()
            self.struck()
            process.join()
        self.kills += 1
        self._rest(ours)
        ours.close()

    def struck(self) -> None:
        """The process was sent its signal a moment ago, and may be there still."""

    def turns(self, numbers: Iterable[int], count: int) -> list[Turn]:
        """The next purchases without an answer. Each lane had begun at most the first of its own."""
        open_ = list(islice((number for number in numbers if number not in self.answered), count))
        first: dict[int, int] = {}
        for number in open_:
            first.setdefault(number % LANES, number)
        turns = [Turn(n, n < self._handed_out and first[n % LANES] == n) for n in open_]
        self._handed_out = max([self._handed_out, *(number + 1 for number in open_[-1:])])
        return turns

    def hear(self, answers: Connection, timeout: float) -> bool | None:
        """Takes down one thing that the process tells: True for a purchase's answer, None if there was nothing.

        Raises Stuck when it has ended by itself.
        """
        try:
            return self._note(answers.recv_bytes()) if answers.poll(timeout) else None
        except EOFError:
            raise Stuck("a process has ended by itself; what it said is above") from None

    def _rest(self, answers: Connection) -> None:
        """What had been told before the process died and was not heard yet, up to the end or half a message."""
        with contextlib.suppress(EOFError, OSError):
            while answers.poll(0):
                self._note(answers.recv_bytes())

    def _note(self, told: bytes) -> bool:
        one = _decode(told)
        if isinstance(one, Acknowledged):
            self.journal.write(one)
            return False
        before = self.answered.setdefault(one.number, one)
        if before != one:
            self.contradicted.append(f"purchase {one.number} was {before}, and then {one}")
        return True


class Day(Buying):
    """So many purchases, each process killed after so many answers."""

    def __init__(
        self, settings: Settings, plan: Plan, house: House, journal: Journal, strike: Callable[[], None] = _nobody
    ) -> None:
        """``strike`` kills whoever else is to die together with a service."""
        super().__init__(settings, plan, house, journal)
        self._strike = strike
        self._kill_at = plan.kills()

    def struck(self) -> None:
        self._strike()

    def pass_by(self, show: Callable[[int], None]) -> None:
        """Raises Stuck."""
        while len(self.answered) < self._plan.purchases:
            at = self._kill_at.pop(0) if self._kill_at else self._plan.purchases
            until = max(1, at - len(self.answered))
            turns = self.turns(range(self._plan.purchases), until + 2 * LANES)
            self.live(turns, partial(self._listen, until=min(until, len(turns))))
            show(len(self.answered))

    def _listen(self, answers: Connection, until: int) -> None:
        heard = 0
        while heard < until:
            told = self.hear(answers, SILENT_S)
            if told is None:
                raise Stuck(f"no answer for {SILENT_S:.0f} s, after {heard} of a process")
            heard += told


def _context() -> ForkServerContext:
    """Processes are forked from one that has all the code and nothing else, so that a life begins within moments."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["kontor.day.life"])
    return context
