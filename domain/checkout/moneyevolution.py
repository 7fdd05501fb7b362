"""How each event adds to what is known of a checkout's money (``funds.py``). Part of ``evolution.py``; what is taken or
let go parcel by parcel is in ``parcelsteps.py``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

from domain.checkout.funds import Owed, Refunding
from domain.checkout.parcelsteps import at_rest
from domain.checkout.sagastate import Checkout, captured, with_card, with_payment
from domain.orders.order import RefundGranted
from domain.payments import giftcard, payment
from domain.recorded import Recorded

Known = TypeVar("Known")


def _but(known: Mapping[str, Known], key: str) -> dict[str, Known]:
    return {other: one for other, one in known.items() if other != key}


# the payment


def _intent(status: str) -> Callable[[Checkout, Recorded], Checkout]:
    return lambda state, recorded: with_payment(state, status=status, intent=payment.key_of(recorded), attempts=0)


def _authorized(state: Checkout, recorded: Recorded) -> Checkout:
    authorized: payment.PaymentAuthorized = recorded.event
    known = {"reference": authorized.reference, "authorized_until": authorized.until}
    return with_payment(state, status="authorized", intent="", **known)


def _declined(state: Checkout, recorded: Recorded) -> Checkout:
    return with_payment(state, status="declined", intent="")


def _attempt_failed(state: Checkout, recorded: Recorded) -> Checkout:
    attempt: payment.AttemptFailed = recorded.event
    return with_payment(state, attempts=attempt.number) if attempt.intent == state.payment.intent else state


def _refund_granted(state: Checkout, recorded: Recorded) -> Checkout:
    """The order owes money: to the card, to the payment method, or to both."""
    granted: RefundGranted = recorded.event
    if granted.gift_card is not None:
        state = with_card(state, owed={**state.card.owed, granted.refund_id: granted.gift_card})
    if not granted.to_method.amount:
        return state
    return with_payment(state, owed={**state.payment.owed, granted.refund_id: Owed(granted.to_method, granted.reason)})


def _refund_requested(state: Checkout, recorded: Recorded) -> Checkout:
    asked: payment.RefundRequested = recorded.event
    paid = state.payment
    rest = asked.refund_id == payment.THE_REST  # which covers whatever was not asked for before
    return with_payment(
        state,
        status="refunding",
        intent=payment.key_of(recorded),
        attempts=0,
        refunding=Refunding(asked.amount, asked.reason, paid.decided),
        refused=_but(paid.refused, asked.refund_id),
        rest_asked=paid.rest_asked or rest,
        owed={} if rest else _but(paid.owed, asked.refund_id),
    )


def _refunded(state: Checkout, recorded: Recorded) -> Checkout:
    back = state.payment.back + recorded.event.amount.amount
    status = "refunded" if back >= captured(state) else "partially_refunded"
    return at_rest(with_payment(state, refunding=None, back=back), status)


def _refund_refused(state: Checkout, recorded: Recorded) -> Checkout:
    refund_id = recorded.event.refund_id
    paid = state.payment
    refused = paid.refused if paid.refunding is None else {**paid.refused, refund_id: paid.refunding}
    state = with_payment(state, refunding=None, refused=refused, owed=_but(paid.owed, refund_id))
    return at_rest(state, "partially_refunded" if paid.back else "captured")


def _dispute_opened(state: Checkout, recorded: Recorded) -> Checkout:
    opened: payment.DisputeOpened = recorded.event
    return with_payment(state, contested={**state.payment.contested, opened.dispute_id: opened.amount.amount})


def _dispute_ended(state: Checkout, recorded: Recorded) -> Checkout:
    ended: payment.DisputeWon | payment.DisputeLost = recorded.event
    paid = state.payment
    taken = ended.amount.amount if isinstance(ended, payment.DisputeLost) else 0
    contested = _but(paid.contested, ended.dispute_id)
    return with_payment(state, contested=contested, lost=paid.lost + taken, decided=paid.decided + 1)


# the gift card


def _card_to(status: str) -> Callable[[Checkout, Recorded], Checkout]:
    return lambda state, recorded: with_card(state, status=status) if _is_its_card(state, recorded) else state


def _card_refunded(state: Checkout, recorded: Recorded) -> Checkout:
    if not _is_its_card(state, recorded):
        return state
    refunded: giftcard.GiftCardRefunded = recorded.event
    rest = refunded.refund_id == giftcard.THE_REST
    owed = {} if rest else _but(state.card.owed, refunded.refund_id)
    return with_card(state, back=state.card.back + refunded.amount.amount, owed=owed)


def _is_its_card(state: Checkout, recorded: Recorded) -> bool:
    covered = state.placed.gift_card
    return covered is not None and covered.gift_card_id == recorded.stream and recorded.event.order_id == state.order_id


EVOLUTIONS: dict[type, Callable[[Checkout, Recorded], Checkout]] = {
    payment.AuthorizationRequested: _intent("authorizing"),
    payment.PaymentAuthorized: _authorized,
    payment.PaymentDeclined: _declined,
    payment.CaptureRequested: _intent("capturing"),
    payment.VoidRequested: _intent("voiding"),
    payment.RefundRequested: _refund_requested,
    payment.PaymentRefunded: _refunded,
    payment.RefundRefused: _refund_refused,
    payment.AttemptFailed: _attempt_failed,
    payment.DisputeOpened: _dispute_opened,
    payment.DisputeWon: _dispute_ended,
    payment.DisputeLost: _dispute_ended,
    giftcard.GiftCardReserved: _card_to("reserved"),
    giftcard.GiftCardRefused: _card_to("refused"),
    giftcard.GiftCardReleased: _card_to("released"),
    giftcard.GiftCardRedeemed: _card_to("redeemed"),
    giftcard.GiftCardRefunded: _card_refunded,
    RefundGranted: _refund_granted,
}
