"""Turns: what an order gets instead of a bare 503 while too many commands wait.

A refusal that says "try again" is unfair: whoever tries most often gets in. Here it names an instant, and has a signed
turn with it. Turns follow each other in the order of asking, as fast as commands have been decided lately, and whoever
comes back with one is let in before all who have none. Each process gives turns of its own queue, and takes those of
all. Nothing is kept of who waits: the turn is with the client.
"""

from __future__ import annotations

from collections.abc import Callable
from math import ceil
from typing import Any

from readapi.edge.problems import Overloaded, ProblemError
from readapi.instants import instant
from streams.waiting.tokens import BadToken, DropTokens, Turn

HEADER = "Kontor-Turn"
HOT_DEPTH = 4_000
"""Commands that wait: a second's worth, about. The queue ends at five times as many."""
COMMANDS_A_PURCHASE = 4
"""Put into the cart, ordered, authorized and captured."""
SLOWEST_PER_S = 10.0
GRACE_MS = 10_000
"""How long after its instant a turn may be taken."""
AHEAD_MS = 60_000
"""Nobody is told to come later than that; who would be gets no turn."""
USED_MAX = 20_000


class Turns:
    """``depth`` tells how many commands wait."""

    def __init__(self, depth: Callable[[], int], tokens: DropTokens) -> None:
        self._depth = depth
        self._tokens = tokens
        self._next_at = 0
        self._landed = 0
        self._since = 0
        self._per_s = SLOWEST_PER_S
        self._used: dict[Turn, None] = {}

    def landed(self, batch: Any, seconds: float) -> None:
        """The engine's observer: how fast it goes."""
        self._landed += len(batch.submissions)

    def require(self, sent: str | None, account_id: str, now: int) -> None:
        """Raises ``overloaded``, with a turn where there is one to give."""
        self._measure(now)
        if self._depth() < HOT_DEPTH and self._next_at <= now:
            return
        turn = self._known(sent, account_id, now)
        if turn is not None and turn.at <= now:
            self._use(turn)
            return
        if turn is None:
            turn = Turn(account_id, self._next(now))
        headers = {"Retry-After": str(max(1, ceil((turn.at - now) / 1000))), HEADER: self._tokens.give(turn)}
        detail = f"many are ordering; nothing was done. Come back then, with {HEADER}: you are in line"
        raise ProblemError("overloaded", detail, headers=headers, turnAt=instant(turn.at))

    def _known(self, sent: str | None, account_id: str, now: int) -> Turn | None:
        """The turn that was sent, if it is this account's, not over, and not used."""
        try:
            turn = self._tokens.turn(sent or "")
        except BadToken:
            return None
        good = turn.account_id == account_id and now < turn.at + GRACE_MS and turn not in self._used
        return turn if good else None

    def _next(self, now: int) -> int:
        step = ceil(1000 * COMMANDS_A_PURCHASE / max(self._per_s, SLOWEST_PER_S))
        at = max(self._next_at, now + 1000) + step
        if at - now > AHEAD_MS:
            raise Overloaded(AHEAD_MS // 1000)
        self._next_at = at
        return at

    def _use(self, turn: Turn) -> None:
        self._used[turn] = None
        if len(self._used) > USED_MAX:
            del self._used[next(iter(self._used))]

    def _measure(self, now: int) -> None:
        """Commands a second, of the last second or so in which anybody asked."""
        passed = now - self._since
        if passed < 1000:
            return
        if passed < GRACE_MS:
            self._per_s = (self._per_s + 1000 * self._landed / passed) / 2
        self._since, self._landed = now, 0
