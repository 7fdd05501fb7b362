"""The saga of an order whose money is taken by parcel: each parcel's when it is packed, and what no parcel comes for
any more is let go. Part of ``saga.py``: what becomes known, and what is to be asked for.

    packed → its money is asked for → taken → the order knows that it is paid, and it may leave

One after the other, in the order in which they were packed: a payment does one thing at a time, and what a parcel
costs depends on those before it.
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from domain.checkout.funds import OPEN
from domain.checkout.sagastate import Checkout, Parcel, is_by_parcel, runs_out_at, with_payment
from domain.decider import Command
from domain.ids import payment_id, unsent_id
from domain.money import Money
from domain.orders import shipment
from domain.orders.parcelling import GiveUpUnpaid, MarkShipmentPaid
from domain.payments import payment
from domain.recorded import Recorded

REST = "rest"
"""Why what is left of an authorization is let go."""
RAN_OUT = "expired"

# evolve


def at_rest(state: Checkout, status: str = "") -> Checkout:
    """Nothing of the payment is under way. While money is set aside for further parcels it is partially captured."""
    if is_by_parcel(state):
        paid = state.payment
        back = "refunded" if paid.back >= paid.captured else "partially_refunded" if paid.back else "captured"
        more = paid.captured < state.placed.due.amount and not paid.released
        status = "partially_captured" if more else back
    return with_payment(state, status=status, intent="")


def _captured(state: Checkout, recorded: Recorded) -> Checkout:
    taken: payment.PaymentCaptured = recorded.event
    state = replace(state, parcels=_moved(state, taken.part, "taken"))
    return at_rest(with_payment(state, captured=state.payment.captured + taken.amount.amount), "captured")


def _let_go(state: Checkout, recorded: Recorded) -> Checkout:
    if state.payment.captured and is_by_parcel(state):
        return at_rest(with_payment(state, released=True))
    return with_payment(state, status="voided", intent="")


def _packed(state: Checkout, recorded: Recorded) -> Checkout:
    packed: shipment.ShipmentPacked = recorded.event
    if packed.due is None:
        return replace(state, packed=True)
    parcels = {**state.parcels, packed.shipment_id: Parcel(packed.due, packed.units)}
    return replace(state, parcels=parcels, unsent=without(state.unsent, packed.units))


def _unpacked(state: Checkout, recorded: Recorded) -> Checkout:
    """Its units are cancelled by the event that follows."""
    gone = state.parcels.get(recorded.event.shipment_id)
    if gone is None:
        return state
    parcels = {key: one for key, one in state.parcels.items() if one is not gone}
    back = {line_id: state.unsent.get(line_id, 0) + units for line_id, units in gone.units.items()}
    return replace(state, parcels=parcels, unsent={**state.unsent, **back})


def _paid(state: Checkout, recorded: Recorded) -> Checkout:
    return replace(state, parcels=_moved(state, recorded.event.shipment_id, "paid"))


def _moved(state: Checkout, shipment_id: str, status: str) -> dict[str, Parcel]:
    known = state.parcels.get(shipment_id)
    return state.parcels if known is None else {**state.parcels, shipment_id: replace(known, status=status)}


def without(unsent: dict[str, int], units: dict[str, int]) -> dict[str, int]:
    """What is left to be sent when these are packed or cancelled."""
    left = {line_id: count - units.get(line_id, 0) for line_id, count in unsent.items()}
    return {line_id: count for line_id, count in left.items() if count > 0}


EVOLUTIONS: dict[type, Callable[[Checkout, Recorded], Checkout]] = {
    payment.PaymentCaptured: _captured,
    payment.CaptureRefused: _let_go,
    payment.PaymentVoided: _let_go,
    shipment.ShipmentPacked: _packed,
    shipment.ShipmentUnpacked: _unpacked,
    shipment.ShipmentPaid: _paid,
}

# what to ask for


def next_steps(state: Checkout, now: int) -> list[Command]:
    """Of an order that stands; nothing while the provider is at it, or sellers have yet to pack."""
    shipment_id, parcel = _first_unpaid(state)
    if parcel is not None and (parcel.status == "taken" or not parcel.due.amount):
        return [MarkShipmentPaid(state.order_id, shipment_id, now)]
    if _is_gone(state):
        unpaid = parcel is not None or state.unsent
        return [GiveUpUnpaid(state.order_id, unsent_id(state.order_id), now)] if unpaid else []
    if state.payment.status not in OPEN:
        return []
    paid = payment_id(state.order_id)
    if parcel is not None:
        return [payment.RequestCapture(paid, shipment_id, parcel.due)]
    if state.unsent and now >= runs_out_at(state):
        return [payment.RequestVoid(paid, RAN_OUT)]
    return [] if state.unsent else [payment.RequestVoid(paid, REST)]


def to_capture(state: Checkout) -> Money:
    """What a capture that is under way takes."""
    _, parcel = _first_unpaid(state)
    return state.placed.due if parcel is None else parcel.due


def waits(state: Checkout) -> bool:
    """Whether it is for somebody to pack or cancel, if nothing is to be asked for."""
    return bool(state.unsent) and not state.payment.intent


def _first_unpaid(state: Checkout) -> tuple[str, Parcel | None]:
    return next(((key, one) for key, one in state.parcels.items() if one.status != "paid"), ("", None))


def _is_gone(state: Checkout) -> bool:
    return state.payment.released or state.payment.status in ("declined", "voided")
