"""A waiting line as it stands: the drop's terms, how far it has moved, and what there is to buy."""

from __future__ import annotations

from bisect import bisect_left
from typing import NamedTuple

import msgspec
from msgspec.structs import replace

from domain.sellers.drop import DropTerms, Pace, next_called, seats_for

NOT_OPENED = -1
ORDERING_MS = 2_000
"""Whoever asks for an order in time is given so long until the units are held; until then nobody else is let in for
them."""
MERGED_MS = 1_000
"""Calls that follow each other so closely count as one, so that an admission's worth of them stays a short list."""


class Call(NamedTuple):
    at: int
    upto: int
    """Places behind the call before and up to this one were let in."""


class Units(NamedTuple):
    """Of the stock at an instant."""

    available: int
    held: int
    unsold: int
    """On hand and not sold: what may still be had if every hold came back."""


class Room(msgspec.Struct, frozen=True):
    drop_id: str
    offer_id: str
    product_id: str
    terms: DropTerms
    commitment: str
    seed: str = ""
    """Empty until the drop has opened."""
    issued: int = 0
    """Tickets given out: their numbers end here."""
    joined: int = NOT_OPENED
    """Tickets given out before the opening."""
    pace: Pace = Pace(0, 0)
    calls: tuple[Call, ...] = ()
    """Of the last while, and the one that was the last to lapse."""
    units: Units = Units(0, 0, 0)
    admitted: int = 0
    """How many of those let in may still order and have not."""
    seats: int = 0
    """For how many more there are units."""
    ended: bool = False

    @property
    def opened(self) -> bool:
        return bool(self.seed)

    @property
    def sold_out(self) -> bool:
        return self.opened and self.units.unsold <= 0

    def admitted_until(self, place: int) -> int:
        """When the admission of this place runs out, or ran out: of those let in longer ago than is remembered some
        later instant, which is past as well. Asked of places that were called only."""
        assert place <= self.pace.called, (place, self.pace)
        index = bisect_left(self.calls, place, key=lambda call: call.upto)
        return self.calls[index].at + self.terms.admission_ms

    def lapsed(self, at: int) -> int:
        """The last place for which no units are kept any more: its admission has run out, and what was ordered with it
        is held."""
        alive_since = at - self.terms.admission_ms - ORDERING_MS
        return max((call.upto for call in self.calls if call.at <= alive_since), default=0)

    def moved(self, units: Units, limit: int, ordered: int, at: int) -> Room:
        """Lets in whoever is due. ``ordered`` of those for whom units are kept have ordered already; ``limit`` is how
        many units each may buy."""
        lapsed = self.lapsed(at)
        admitted = self.pace.called - lapsed - ordered
        seats = seats_for(units.available, limit, admitted)
        pace = next_called(self.pace, self.terms.per_minute, self.issued - self.pace.called, seats, at)
        calls = [call for call in self.calls if call.upto >= lapsed]
        if pace.called > self.pace.called:
            if calls and at - calls[-1].at < MERGED_MS:
                calls[-1] = Call(calls[-1].at, pace.called)
            else:
                calls.append(Call(at, pace.called))
        let_in = pace.called - self.pace.called
        return replace(
            self,
            pace=pace,
            calls=tuple(calls),
            units=units,
            admitted=admitted + let_in,
            seats=max(0, seats - let_in),
        )
