"""A drop: goods of an offer that begin to be sold at an announced instant, to more people than there are units.

Its terms are events of the offer's stream, so whoever prices an offer knows its drop as well. While it is on, an order
needs an admission. Who joined the line before the opening gets a place by lot, who came later the next one; both
follow from the seed, which is kept secret until the opening and committed to when the drop is announced. How fast the
line moves follows from the terms, the clock and the units that are there. What a line holds besides is disposable
(``streams/waiting/``).
"""

from __future__ import annotations

import re
from array import array
from hashlib import sha256
from typing import NamedTuple

from domain.decider import Command, Event, State
from domain.errors import IllegalTransition, Invalid

PER_MINUTE_MAX = 60_000
ADMISSION_MS_MIN, ADMISSION_MS_MAX = 10_000, 15 * 60_000
LASTS_MS_MAX = 7 * 86_400_000
AHEAD_MS_MAX = 90 * 86_400_000
BURST_MS = 1_000
"""The line makes up for at most so long during which nobody could be let in."""
MINUTE_MS = 60_000
_COMMITMENT = re.compile(r"[0-9a-f]{64}")


class DropTerms(Event, frozen=True):
    opens_at: int
    """Milliseconds since 1970."""
    ends_at: int
    """From then on the offer sells as any other; the first instant at which the drop is over."""
    per_minute: int
    """How many are let in, at most."""
    admission_ms: int
    """How long an admission lasts."""


class DropAnnounced(Event, frozen=True):
    drop_id: str
    terms: DropTerms
    commitment: str
    """SHA-256 of the seed, in hex."""


class DropOpened(Event, frozen=True):
    """With this, anybody who knows the number of a ticket can work out its place."""

    drop_id: str
    seed: str
    joined: int
    """Tickets given out before the opening: numbers 1 to ``joined``."""


class DropEnded(Event, frozen=True):
    drop_id: str
    reason: str
    """``called_off`` or ``over``."""


class AnnounceDrop(Command, frozen=True):
    offer_id: str
    drop_id: str
    terms: DropTerms
    commitment: str
    at: int


class OpenDrop(Command, frozen=True):
    offer_id: str
    drop_id: str
    seed: str
    joined: int
    at: int


class EndDrop(Command, frozen=True):
    offer_id: str
    drop_id: str
    at: int
    reason: str


class Drop(State, frozen=True):
    drop_id: str
    terms: DropTerms
    commitment: str
    seed: str = ""
    """Empty until it has opened."""
    joined: int = 0

    def is_on(self, at: int) -> bool:
        """Whether an order needs an admission."""
        return at < self.terms.ends_at


def announce(command: AnnounceDrop, known: Drop | None) -> list[Event]:
    """Raises Invalid, and IllegalTransition while another is on."""
    if known is not None and known.drop_id == command.drop_id:
        return []
    if known is not None and known.is_on(command.at):
        raise IllegalTransition("a drop of this offer is on; call it off first", dropId=known.drop_id)
    _check(command.terms, command.at)
    if _COMMITMENT.fullmatch(command.commitment) is None:
        raise Invalid("the commitment is the SHA-256 of the seed, in hex")
    return [DropAnnounced(command.drop_id, command.terms, command.commitment)]


def _check(terms: DropTerms, at: int) -> None:
    if not at < terms.opens_at <= at + AHEAD_MS_MAX:
        raise Invalid(f"it must open in the future, within {AHEAD_MS_MAX // 86_400_000} days", "/opensAt")
    if not terms.opens_at < terms.ends_at <= terms.opens_at + LASTS_MS_MAX:
        raise Invalid(f"it must end after it opens, within {LASTS_MS_MAX // 86_400_000} days", "/endsAt")
    if not 1 <= terms.per_minute <= PER_MINUTE_MAX:
        raise Invalid(f"between 1 and {PER_MINUTE_MAX} are let in a minute", "/perMinute")
    if not ADMISSION_MS_MIN <= terms.admission_ms <= ADMISSION_MS_MAX:
        raise Invalid(
            f"an admission lasts between {ADMISSION_MS_MIN // 1000} and {ADMISSION_MS_MAX // 1000} seconds",
            "/admissionSeconds",
        )


def open_drop(command: OpenDrop, known: Drop | None) -> list[Event]:
    """Of the process that comes second, and for a drop that was called off meanwhile, it is nothing new."""
    if known is None or known.drop_id != command.drop_id or known.seed:
        return []
    if command.at < known.terms.opens_at:
        raise IllegalTransition("it is too early to open this drop")
    if commitment_of(command.seed) != known.commitment:
        raise Invalid("this is not the seed that was committed to")
    return [DropOpened(command.drop_id, command.seed, command.joined)]


def end_drop(command: EndDrop, known: Drop | None) -> list[Event]:
    if known is None or known.drop_id != command.drop_id:
        return []
    if command.reason == "over" and known.is_on(command.at):
        raise IllegalTransition("this drop is not over yet")
    return [DropEnded(command.drop_id, command.reason)]


# the line


def commitment_of(seed: str) -> str:
    return sha256(seed.encode()).hexdigest()


def by_lot(seed: str, joined: int) -> array[int]:
    """The places of tickets 1 to ``joined``, in this order; places begin at 1 as well.

    Tickets are sorted by SHA-256 of ``SEED:JOINED:NUMBER``: anybody can do it again.
    """
    drawn = sorted(range(1, joined + 1), key=lambda number: sha256(f"{seed}:{joined}:{number}".encode()).digest())
    places = array("I", bytes(joined * array("I").itemsize))
    for place, number in enumerate(drawn, 1):
        places[number - 1] = place
    return places


class Pace(NamedTuple):
    """How far the line has moved."""

    called: int
    """Places 1 to ``called`` have been let in."""
    paced_at: int
    """Up to this instant (ms) the rate has been used up."""


def next_called(pace: Pace, per_minute: int, waiting: int, seats: int, at: int) -> Pace:
    """Lets in as many as the rate allows since then, of those who wait, if there are seats for them."""
    due = max(0, at - pace.paced_at) * per_minute // MINUTE_MS
    count = min(due, waiting, max(0, seats))
    step = -(-MINUTE_MS // per_minute)
    paced_at = pace.paced_at + -(-count * MINUTE_MS // per_minute)
    return Pace(pace.called + count, max(paced_at, at - max(BURST_MS, step)))


def seats_for(available: int, limit: int, admitted: int) -> int:
    """How many more may be let in: each of the ``admitted`` who have not ordered yet may buy ``limit`` units, and is to
    find them. The last units, too few for a whole seat, are for one alone."""
    if available <= 0:
        return 0
    seats = available // limit - admitted
    return max(seats, 1) if not admitted else seats
