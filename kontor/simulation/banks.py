"""Buyers' banks: they take money of a charge back, and decide a while later whose it is to be.

A dispute may be opened, decided and heard of before anybody has heard of the capture. Some banks look at what came back
before; others take it a second time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from domain.payments.dispute import LOST, OPEN, WON
from kontor.simulation.store import Faults

DISPUTED, AGAIN, IN_PART = 0.3, 0.3, 0.4
CARELESS = 0.5
"""Of the disputes take no account of what was refunded."""


@dataclass
class Dispute:
    """``status``: open, won or lost."""

    dispute_id: str
    amount: int
    opened_at: int
    status: str = OPEN
    careless: bool = False
    """Some of it had been given back before it was opened."""
    won_at: int = 0
    """Milliseconds since 1970; 0 while it is not."""


class Banks:
    """``tell`` is called with a charge's reference when something about its disputes is new."""

    def __init__(self, faults: Faults, chance: Random, now: Callable[[], int]) -> None:
        """``now`` gives milliseconds since 1970."""
        self.tell: Callable[[str], None]
        self.disputes: dict[str, list[Dispute]] = {}
        """By the charge's reference, the oldest first."""
        self._faults = faults
        self._chance = chance
        self._now = now

    def withheld(self, reference: str) -> int:
        """Minor units of a charge that are disputed, or lost by that."""
        return sum(one.amount for one in self.disputes.get(reference, ()) if one.status != WON)

    def lost(self, reference: str) -> int:
        return sum(one.amount for one in self.disputes.get(reference, ()) if one.status == LOST)

    def care_about(self, token_asks: str) -> bool:
        """Whether a charge whose money has just moved will be disputed: as its payment method asks, or now and then."""
        return bool(token_asks) or self._chance.random() < DISPUTED

    async def deal_with(self, reference: str, left: Callable[[], tuple[int, int]], token_asks: str) -> None:
        """What comes of it; ``left`` says how much of the charge is captured and given back by then."""
        while True:
            await self._a_while()
            dispute = self._opened(reference, *left())
            if dispute is None:
                return
            await self._a_while()
            verdict = token_asks or self._chance.choice((WON, LOST, LOST, OPEN))
            if verdict != OPEN and not self._faults.calm:
                dispute.status = verdict
                dispute.won_at = self._now() if verdict == WON else 0
                self._say(reference, f"{dispute.dispute_id} is {verdict}")
            if self._chance.random() > AGAIN:
                return

    async def _a_while(self) -> None:
        """None at all, before anybody has heard anything, or until much else has happened."""
        longest = self._chance.choice((0.0, 0.05, 1.0, 6.0))
        await asyncio.sleep(self._chance.random() * longest)

    def _opened(self, reference: str, captured: int, refunded: int) -> Dispute | None:
        if self._faults.calm:
            return None
        taken = self.withheld(reference)
        kept = max(0, captured - refunded - taken)
        most = captured - taken if self._chance.random() < CARELESS else kept
        if most < 1:
            return None
        amount = self._chance.randint(1, most) if self._chance.random() < IN_PART else most
        known = self.disputes.setdefault(reference, [])
        dispute = Dispute(f"dp_{reference}_{len(known) + 1}", amount, self._now(), careless=amount > kept)
        known.append(dispute)
        self._say(reference, f"{dispute.dispute_id} is opened, of {amount}")
        return dispute

    def _say(self, reference: str, what: str) -> None:
        self._faults.tell(what)
        self.tell(reference)
