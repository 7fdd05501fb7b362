"""Checkout: the saga from a placed order to one that is paid and sent, as a pure decider. Events in, commands out.

It is level-triggered: ``evolve`` keeps what is known of one checkout, ``next_commands`` says what should be asked
for now. Asking twice is harmless, because every aggregate ignores what it has done already; so it does not matter
whether the engine asks within the batch that wrote the events, or a process that finds the checkout hours later
after a crash.

    CART_VALIDATED → INVENTORY_RESERVED → PAYMENT_AUTHORIZED → ORDER_CREATED → PAYMENT_CAPTURED, or COMPENSATED

A gift card pays as far as it goes: its part is reserved before the payment is authorized for the rest, redeemed when
that is captured, and released or given back when the order comes to nothing. Where it pays for everything, or nothing
is to be paid at all, there is no payment, and nobody outside is asked.

It may rest twice, for days: PAYMENT_AUTHORIZED while a person looks at the order, ORDER_CREATED while the money is to
be taken later. Where it is taken by parcel (``parcelsteps.py``), it rests between parcels too. How long is
in the order and in its review, so the timer is a question that anybody may ask of the log.

Which step comes next is decided here; what each asks for is in ``cartsteps.py``, ``stocksteps.py``, ``moneysteps.py``
and ``parcelsteps.py``.

This is the way in: what is imported below as ``X as X`` lies elsewhere in the room, and others take it from here.
"""

from __future__ import annotations

from domain.checkout import cartsteps, moneysteps, parcelsteps, stocksteps
from domain.checkout.evolution import RELEVANT as RELEVANT
from domain.checkout.evolution import begin as begin
from domain.checkout.evolution import evolve as evolve
from domain.checkout.sagastate import FOREVER as FOREVER
from domain.checkout.sagastate import Checkout as Checkout
from domain.checkout.sagastate import is_by_parcel, runs_out_at
from domain.checkout.stocksteps import PAYMENT_GRACE_MS
from domain.decider import Command
from domain.ids import payment_id
from domain.orders import order, orderreviewing, policy
from domain.orders.tender import Covered
from domain.pricing.pricing import Quote
from domain.pricing.promotion import is_use

LEAD_MS = 3_600_000
"""How long before an authorization runs out its money is taken that was to be taken later than that."""


def streams_of(order_id: str, cart_id: str, quote: Quote, covered: Covered | None = None) -> list[str]:
    """All that a checkout touches."""
    streams = [order_id, payment_id(order_id), cart_id, *(stock for stock, _ in order.stock_lines(quote))]
    return streams if covered is None else [*streams, covered.gift_card_id]


def next_commands(state: Checkout, now: int) -> list[Command]:
    """What to ask for at the instant ``now`` (ms); nothing when the checkout is settled or waits for the provider."""
    if state.order == "paid":
        goods = stocksteps.ship(state) + stocksteps.give_up(state, now) + stocksteps.restock(state)
        return goods + (_by_parcel(state, now) or moneysteps.refund(state))
    if state.order == "cancelled":
        return _compensate(state, now)
    if state.cart == "open":
        return [cartsteps.close(state, now)]
    refusal = _refusal(state, now)
    if refusal:
        return [order.CancelOrder(state.order_id, refusal)]
    if state.order == "confirmed" and is_by_parcel(state):
        return stocksteps.give_up(state, now) + _by_parcel(state, now)
    if state.payment.status == "captured" or state.card.status == "redeemed":
        return moneysteps.redeem(state) or _mark_paid(state, now)
    if moneysteps.is_funded(state):
        return _confirm(state, now)
    if state.payment.status == "none":
        return stocksteps.reserve(state, now) or moneysteps.fund(state, now)
    if state.payment.status == "authorizing":
        return stocksteps.extend(state, now)
    return []


def _by_parcel(state: Checkout, now: int) -> list[Command]:
    return parcelsteps.next_steps(state, now) if is_by_parcel(state) else []


def _mark_paid(state: Checkout, now: int) -> list[Command]:
    return [order.MarkOrderPaid(state.order_id, "" if moneysteps.is_free(state) else payment_id(state.order_id), now)]


def _refusal(state: Checkout, now: int) -> str:
    """Why the order cannot go on, or an empty string."""
    if state.placed.quote.unserviceable:
        return "not_serviceable"
    for line in state.lines:
        if line.stock == "refused":
            return "limit_exceeded" if is_use(line.stock_id) and line.refusal == "out_of_stock" else line.refusal
    if state.payment.status == "declined" or state.card.status == "refused":
        return "payment_declined"
    if not (state.packed or state.parcels) and now >= runs_out_at(state):
        return "expired"  # what is packed is asked for all the same: the provider knows best
    if moneysteps.is_funded(state) or state.card.status == "redeemed":
        return ""
    ran_out = {"none": state.placed.hold_until, "authorizing": state.placed.hold_until + PAYMENT_GRACE_MS}
    return "expired" if now > ran_out.get(state.payment.status, now) else ""


def _confirm(state: Checkout, now: int) -> list[Command]:
    """Stock is committed before the money is captured: a sale may fail for want of money, never for want of goods."""
    commits = stocksteps.commit(state, now)
    if commits:
        return commits
    if state.order == "pending" and state.placed.review and state.review != "approved":
        return _review(state, now)
    if state.order == "pending":
        return [order.ConfirmOrder(state.order_id)]
    if moneysteps.is_free(state):
        return _mark_paid(state, now)
    if now < _captures_at(state):
        return []
    return moneysteps.take(state)


def _review(state: Checkout, now: int) -> list[Command]:
    if state.review != "open":
        return [orderreviewing.BeginReview(state.order_id, now)]
    return [orderreviewing.RejectReview(state.order_id, now)] if now > state.review_until else []


def _captures_at(state: Checkout) -> int:
    """From when on the money of a confirmed order is taken; FOREVER while that waits for a parcel. What would
    not be set aside any more by its hour is taken before."""
    match state.placed.capture:
        case policy.SHIPMENT if not state.packed:
            return FOREVER
        case policy.LATER:
            return min(state.placed.capture_at, runs_out_at(state) - LEAD_MS)
    return 0


def rests_until(state: Checkout) -> int | None:
    """When a checkout that waits for a person or an hour is due; FOREVER when no hour is set, None when it waits for
    neither. The money that waits with it may run out before."""
    if is_by_parcel(state) and state.order in ("confirmed", "paid"):
        waits = parcelsteps.waits(state) and not next_commands(state, 0)
        return runs_out_at(state) if waits else None
    if not moneysteps.is_funded(state) or any(line.stock != "committed" for line in state.lines):
        return None
    if state.order == "confirmed":
        return None if moneysteps.is_free(state) else min(_captures_at(state), runs_out_at(state)) or None
    return state.review_until if state.order == "pending" and state.review == "open" else None


def _compensate(state: Checkout, now: int) -> list[Command]:
    """Undoes, in any order, whatever had been done."""
    goods = stocksteps.give_up(state, now) + stocksteps.give_back(state, now)
    return goods + moneysteps.give_back(state) + cartsteps.reopen(state, now)


def is_settled(state: Checkout) -> bool:
    """Nothing is left to ask for or to wait for."""
    if state.order == "paid":
        waiting = state.leaving or state.giving or state.returning or state.unsent
        return not (waiting or state.payment.intent or _by_parcel(state, 0) or moneysteps.refund(state))
    if state.order != "cancelled" or state.payment.intent:
        return False
    return not _compensate(state, 0)


def progress(state: Checkout) -> str:
    """The checkout state of the public contract."""
    if state.order == "cancelled":
        return "COMPENSATED"
    if state.order == "paid" or state.payment.status == "captured" or state.card.status == "redeemed":
        return "PAYMENT_CAPTURED"
    if state.order == "confirmed":
        return "ORDER_CREATED"
    if state.payment.status == "capturing" or moneysteps.is_funded(state):
        return "PAYMENT_AUTHORIZED"
    return "CART_VALIDATED" if state.payment.status == "none" else "INVENTORY_RESERVED"
