"""Difference: something on which the log and the provider's account of the money do not agree. Stream ``dif_…``.

Its id follows from what differs, so that whoever finds the same again tomorrow finds this stream.
"""

from __future__ import annotations

import hashlib

import msgspec

from domain.decider import Command, Decider, Event, State
from domain.errors import Invalid, NotFound
from domain.ids import new_id
from domain.money import Money

NOTE_MAX = 1_000

WORDS = {
    "unknown_charge": "The provider charged {theirs} for {order}, of which the log knows no payment.",
    "capture_missing": "The log has {ours} captured for {order}, the provider {theirs}.",
    "capture_unrecorded": "The provider captured {theirs} for {order}, the log has {ours} of it.",
    "charged_twice": "The provider charged {order} more than once: {theirs} in all, where the log has {ours}.",
    "refund_missing": "The log has {ours} refunded for {order}, the provider {theirs}.",
    "refund_unrecorded": "The provider refunded {theirs} for {order}, the log has {ours} of it.",
    "dispute_missing": "The log has {ours} disputed of {order}, the provider {theirs}.",
    "dispute_unrecorded": "The provider took {theirs} for disputes of {order}, the log has {ours} of it.",
    "reinstatement_missing": "The log has {ours} of {order} back from disputes that were won, the provider {theirs}.",
    "reinstatement_unrecorded": "The provider gave {theirs} of {order} back after disputes, the log has {ours} of it.",
    "refund_owed": "The log owes {ours} back for {order}, has {theirs} refunded and asks for no more.",
    "still_held": "The provider still holds {theirs} for {order}, for which the log waits no longer.",
    "currency": "The provider moved {theirs} for {order}, which was to pay {ours}.",
    "paid_without_capture": "{order} counts as paid, and {theirs} was captured for its {ours}.",
    "captured_without_order": "{ours} is captured for {order}, which is not paid: {state}.",
}
"""What each kind means."""
ADVICE = {
    "unknown_charge": "Look whether another system shares the account with the provider, or the log is old.",
    "capture_missing": "Ask the provider for the charge; without it the order was delivered for nothing.",
    "capture_unrecorded": "The buyer paid more than we know of; give the rest back at the provider.",
    "charged_twice": "Give back all but one at the provider.",
    "refund_missing": "The buyer waits for money; make the refund at the provider.",
    "refund_unrecorded": "Somebody gave money back without the log; it explains itself if it was done at the provider.",
    "dispute_missing": "Ask the provider how the dispute stands; it may have been withdrawn.",
    "dispute_unrecorded": "Look for the dispute at the provider; more may be taken than was paid.",
    "reinstatement_missing": "Ask the provider for the money of the disputes that were won.",
    "reinstatement_unrecorded": "The bank changed its mind after the dispute was lost; book it by hand.",
    "refund_owed": "Look why the provider refused it, and ask for it once more, or pay it by hand.",
    "still_held": "Void the authorization at the provider, or let it expire.",
    "currency": "Give it back at the provider and charge what was agreed.",
    "paid_without_capture": "`kontor verify` tells more; the log was tampered with, or a bug paid this order.",
    "captured_without_order": "The checkout goes on when a service runs; if it does not, refund the order.",
}


class Difference(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """What differs. ``ours`` and ``theirs`` are amounts of the same thing."""

    kind: str
    """One of ``WORDS``."""
    order_id: str
    reference: str
    """The provider's id of the charge; several with blanks, none where no charge is meant."""
    ours: Money
    theirs: Money
    at: int
    """When the money concerned first moved (ms)."""
    state: str = ""
    """Of the order, where it matters."""


def difference_id(what: Difference) -> str:
    """The same difference, the same id. ``at`` plays no part: what is known of it grows."""
    named = (what.kind, what.order_id, what.reference, what.ours, what.theirs)
    digest = hashlib.sha256(msgspec.msgpack.encode(named)).digest()
    return new_id("difference", int.from_bytes(digest[:6], "big"), digest[6:16])


def explanation(what: Difference) -> str:
    order = f"order {what.order_id}" if what.order_id else "no order"
    said = WORDS[what.kind].format(order=order, ours=what.ours, theirs=what.theirs, state=what.state)
    return f"{said} {ADVICE[what.kind]}"


# events


class DifferenceFound(Event, frozen=True):
    what: Difference
    at: int


class DifferenceExplained(Event, frozen=True):
    note: str
    by: str
    at: int


class DifferenceSettled(Event, frozen=True):
    note: str
    by: str
    """An account; empty when it was not found any more."""
    at: int


# commands


class FindDifference(Command, frozen=True):
    difference_id: str
    what: Difference
    at: int


class ExplainDifference(Command, frozen=True):
    difference_id: str
    note: str
    by: str
    at: int


class SettleDifference(Command, frozen=True):
    """``by`` is empty when it was looked for and is not there any more."""

    difference_id: str
    note: str
    by: str
    at: int


# state


class NoDifference(State, frozen=True):
    pass


class KnownDifference(State, frozen=True):
    """``status``: ``open`` or ``settled``."""

    what: Difference
    found_at: int
    status: str = "open"
    note: str = ""
    by: str = ""
    settled_at: int = 0


DifferenceState = NoDifference | KnownDifference


# decide


def find_difference(command: FindDifference, state: DifferenceState) -> list[Event]:
    """Once. What a person has settled stays so; what had gone by itself and is back is found anew."""
    gone = isinstance(state, KnownDifference) and state.status == "settled" and not state.by
    return [DifferenceFound(command.what, command.at)] if isinstance(state, NoDifference) or gone else []


def explain_difference(command: ExplainDifference, state: DifferenceState) -> list[Event]:
    known = _known(state)
    note = _note(command.note)
    same = (known.note, known.by) == (note, command.by)
    return [] if same else [DifferenceExplained(note, command.by, command.at)]


def settle_difference(command: SettleDifference, state: DifferenceState) -> list[Event]:
    if _known(state).status == "settled":
        return []
    return [DifferenceSettled(_note(command.note), command.by, command.at)]


def _known(state: DifferenceState) -> KnownDifference:
    if isinstance(state, KnownDifference):
        return state
    raise NotFound("no such difference")


def _note(note: str) -> str:
    note = note.strip()
    if not 1 <= len(note) <= NOTE_MAX:
        raise Invalid(f"a note has 1 to {NOTE_MAX} characters", "/note")
    return note


# evolve


def difference_found(state: DifferenceState, event: DifferenceFound) -> DifferenceState:
    return KnownDifference(event.what, event.at)


def difference_explained(state: DifferenceState, event: DifferenceExplained) -> DifferenceState:
    return _with(state, note=event.note, by=event.by)


def difference_settled(state: DifferenceState, event: DifferenceSettled) -> DifferenceState:
    return _with(state, status="settled", note=event.note, by=event.by, settled_at=event.at)


def _with(state: DifferenceState, **changes: object) -> DifferenceState:
    return msgspec.structs.replace(state, **changes) if isinstance(state, KnownDifference) else state


DIFFERENCE = Decider(
    name="difference",
    initial=NoDifference(),
    states=DifferenceState,
    decisions={
        FindDifference: find_difference,
        ExplainDifference: explain_difference,
        SettleDifference: settle_difference,
    },
    evolutions={
        DifferenceFound: difference_found,
        DifferenceExplained: difference_explained,
        DifferenceSettled: difference_settled,
    },
)
