"""Claim: a value that may belong to one owner only (a SKU, an e-mail address). Stream ``clm_<kind>.<value>``.

Uniqueness across aggregates is itself an aggregate. The claim is taken before its owner is created; should a crash
fall between the two, the next claimant finds an owner that never came to be and passes it as ``abandoned``.
"""

from __future__ import annotations

from domain.decider import Command, Decider, Event, State
from domain.errors import Invalid

ABANDONED_MS = 60_000
"""Longer than any request lives: an owner whose id was drawn so long ago and who has not come to be never will."""


class ClaimTaken(Event, frozen=True):
    owner: str


class ClaimReleased(Event, frozen=True):
    owner: str


class TakeClaim(Command, frozen=True):
    claim_id: str
    owner: str
    pointer: str = ""
    """JSON pointer of the field that holds the value."""
    what: str = "value"
    abandoned: str = ""
    """An owner that is known never to have come to be; its claim may be taken over."""


class ReleaseClaim(Command, frozen=True):
    claim_id: str
    owner: str


class Claim(State, frozen=True):
    owner: str = ""


class AlreadyClaimed(Invalid):
    """The value belongs to somebody else."""


def take_claim(command: TakeClaim, state: Claim) -> list[Event]:
    if state.owner == command.owner:
        return []
    if state.owner and state.owner != command.abandoned:
        raise AlreadyClaimed(f"this {command.what} is taken", command.pointer, owner=state.owner)
    return [ClaimTaken(command.owner)]


def release_claim(command: ReleaseClaim, state: Claim) -> list[Event]:
    return [ClaimReleased(command.owner)] if state.owner == command.owner else []


CLAIM = Decider(
    name="claim",
    initial=Claim(),
    states=Claim,
    decisions={TakeClaim: take_claim, ReleaseClaim: release_claim},
    evolutions={
        ClaimTaken: lambda state, event: Claim(event.owner),
        ClaimReleased: lambda state, event: Claim(),
    },
)
