"""Drops and places in their lines as clients see them, and the shapes of those answers for the OpenAPI document."""

from __future__ import annotations

from datetime import datetime
from math import ceil
from typing import Any, Literal, NamedTuple

from pydantic import Field

from domain.sellers.drop import MINUTE_MS
from projections.catalog.projector import split_offer
from readapi.instants import instant
from readapi.shapes.shape import Listed, Shape
from streams.waiting.room import Room
from streams.waiting.tokens import Admission, DropTokens, Ticket

ID = Field(examples=["drp_01KARQ0000ABCDEFGHJKMNPQRS"])
POLL_MAX_S = 30
LOOKS_A_SECOND = 2_000
"""So many may ask for their place at a time; the others are told to come a little later."""
SPREAD_MAX_S = 10
HELD_S, LATER_S = 3, 60


class DropOut(Shape):
    drop_id: str = ID
    shop_id: str
    sku: str = Field(examples=["BED-160"])
    product_id: str
    opens_at: datetime
    ends_at: datetime = Field(description="from then on no admission is needed")
    per_minute: int = Field(description="how many are let in, at most", examples=[600])
    admission_seconds: int = Field(description="how long an admission lasts", examples=[300])
    state: Literal["announced", "open", "all_held", "sold_out", "ended"] = Field(
        description="all_held: what is left is held by orders, or promised to those let in, and may come back"
    )
    commitment: str = Field(description="SHA-256 of the seed in hex, told before anybody joins")
    seed: str | None = Field(
        description="told at the opening: by SHA-256(SEED:JOINED:NUMBER) those who joined before stand in line"
    )
    joined: int | None = Field(description="how many joined before the opening, and draw lots", examples=[10000])
    tickets: int = Field(description="given out so far", examples=[12000])
    let_in: int = Field(description="places 1 to this have had their turn", examples=[100])
    available: int = Field(description="units that nobody holds", examples=[12])
    outstanding: int = Field(
        description="units held by orders, and people let in who may still order: from so many something may come back",
        examples=[3],
    )


class DropReply(DropOut):
    position: str = Field(description="of the event, for `Kontor-Min-Position`")


class DropList(Listed):
    items: list[DropOut]


class AdmissionOut(Shape):
    token: str = Field(description="for POST /api/orders, in the header Kontor-Admission")
    expires_at: datetime


class PlaceOut(Shape):
    drop_id: str = ID
    number: int = Field(description="of the ticket, in the order of joining", examples=[4711])
    place: int | None = Field(description="in the line; null before the opening, when lots are drawn", examples=[42])
    ahead: int | None = Field(description="how many are let in before", examples=[31])
    state: Literal["announced", "waiting", "admitted", "all_held", "sold_out", "lapsed", "ended"]
    estimated_seconds: int | None = Field(
        description="until it is this place's turn, at the stated rate; null while nobody can know", examples=[4]
    )
    enough: bool | None = Field(
        description="while waiting: whether there are units for everybody up to here; if not, some of those before "
        "have to let theirs go",
        examples=[True],
    )
    admission: AdmissionOut | None = None
    available: int
    outstanding: int


class TicketOut(PlaceOut):
    ticket: str = Field(description="for GET /api/drops/{dropId}/place, in the header Kontor-Ticket")


def drop_json(room: Room, at: int) -> dict[str, Any]:
    shop_id, sku = split_offer(room.offer_id)
    return {
        "dropId": room.drop_id,
        "shopId": shop_id,
        "sku": sku,
        "productId": room.product_id,
        "opensAt": instant(room.terms.opens_at),
        "endsAt": instant(room.terms.ends_at),
        "perMinute": room.terms.per_minute,
        "admissionSeconds": room.terms.admission_ms // 1000,
        "state": state_of(room, at),
        "commitment": room.commitment,
        "seed": room.seed or None,
        "joined": room.joined if room.opened else None,
        "tickets": room.issued,
        "letIn": room.pace.called,
        **_left(room),
    }


def _left(room: Room) -> dict[str, int]:
    return {"available": max(0, room.units.available), "outstanding": room.units.held + room.admitted}


def state_of(room: Room, at: int) -> str:
    if room.ended or at >= room.terms.ends_at:
        return "ended"
    if not room.opened:
        return "announced"
    if room.sold_out:
        return "sold_out"
    return "open" if room.seats > 0 else "all_held"


class Place(NamedTuple):
    """Of a ticket, at an instant. ``place`` is 0 before the opening."""

    room: Room
    ticket: Ticket
    place: int
    at: int

    @property
    def called(self) -> bool:
        return 0 < self.place <= self.room.pace.called

    @property
    def state(self) -> str:
        state = state_of(self.room, self.at)
        if state in ("announced", "ended", "sold_out"):
            return state
        if self.called:
            return "admitted" if self.at < self.room.admitted_until(self.place) else "lapsed"
        return "waiting" if state == "open" else state

    @property
    def estimated_s(self) -> int:
        """At the stated rate, which is the fastest."""
        return self._seconds_for(self.place - self.room.pace.called)

    @property
    def enough(self) -> bool:
        """Whether there are units for everybody up to here."""
        return self.place - self.room.pace.called <= self.room.seats

    def _seconds_for(self, people: int) -> int:
        return ceil(people * MINUTE_MS / self.room.terms.per_minute / 1000)

    @property
    def retry_after(self) -> int | None:
        """Seconds after which there may be something new; None when there is nothing to wait for.

        The more there are, the further they are spread.
        """
        spread = self.ticket.number % (1 + self.room.issued // LOOKS_A_SECOND)
        match self.state:
            case "announced":
                until = ceil((self.room.terms.opens_at - self.at) / 1000)
                return min(LATER_S, max(1, until) + min(SPREAD_MAX_S, spread))
            case "waiting" if self.enough:
                return max(1, min(POLL_MAX_S, self.estimated_s // 3))
            case "waiting" | "all_held":  # soon there is something to tell: when as many are in as there are seats
                soon = min(POLL_MAX_S, self._seconds_for(self.room.seats))
                return max(HELD_S, soon) + min(POLL_MAX_S, spread + self.ticket.number % HELD_S)
            case "sold_out":
                return LATER_S
        return None


def place_json(found: Place, tokens: DropTokens) -> dict[str, Any]:
    room, ticket, state = found.room, found.ticket, found.state
    admission = None
    if state == "admitted":
        until = room.admitted_until(found.place)
        token = tokens.admit(Admission(*ticket, found.place, until))
        admission = {"token": token, "expiresAt": instant(until)}
    return {
        "dropId": ticket.drop_id,
        "number": ticket.number,
        "place": found.place or None,
        "ahead": max(0, found.place - room.pace.called - 1) if found.place else None,
        "state": state,
        "estimatedSeconds": found.estimated_s if state == "waiting" else None,
        "enough": found.enough if state == "waiting" else None,
        "admission": admission,
        **_left(room),
    }


def place_headers(found: Place) -> dict[str, str]:
    seconds = found.retry_after
    return {} if seconds is None else {"Retry-After": str(seconds)}
