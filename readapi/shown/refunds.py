"""Refunds of an order as clients see them: what is owed back, and what became of it there and on a gift card."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from domain.ids import rest_id
from domain.money import Money, total
from domain.orders import order
from domain.orders.order import RefundGranted
from domain.payments import giftcard
from domain.payments.payment import THE_REST, Payment, PaymentState, Refund
from readapi.instants import instant

_STATUS = {"requested": "PENDING", "refunded": "REFUNDED", "refused": "REFUSED"}


def refunds_json(
    order_id: str,
    own: order.Order,
    paid: PaymentState | None,
    updated_at: int,
    on_card: Mapping[str, int] | None = None,
    refunds_at: Mapping[str, int] | None = None,
) -> list[dict[str, Any]]:
    """What was granted, and last the rest of an order that was called off.

    ``on_card`` tells since when (ms) which refunds' part is on the gift card again. None: nobody looked at the card,
    and what is granted counts as done, since nothing can stand in its way. ``refunds_at`` tells when each was asked for
    or ended last at the payment (ms); None where that is not known, as in replies to commands.
    """
    granted = own.refunds if isinstance(own, order.PaidOrder | order.CancelledOrder) else {}
    asked = paid.refunds if isinstance(paid, Payment) else {}
    rest = asked.get(THE_REST)
    # What the payment was not asked for before the whole order was called off is part of the rest.
    told = [one for key, one in granted.items() if rest is None or key in asked]

    def at(key: str, granted: RefundGranted) -> int | None:
        return None if refunds_at is None else max(granted.at, refunds_at.get(key, 0), (on_card or {}).get(key, 0))

    shown = [_refund(one, asked.get(one.refund_id), on_card, at(one.refund_id, one)) for one in told]
    disputed = isinstance(paid, Payment) and bool(paid.contested.amount or paid.lost.amount)
    whole = _rest(order_id, own, rest, told, updated_at, disputed)
    if whole is not None:
        back = on_card if on_card is None or giftcard.THE_REST not in on_card else (whole.refund_id,)
        shown.append(_refund(whole, rest, back, at(THE_REST, whole)))
    return shown


def _rest(
    order_id: str, own: order.Order, rest: Refund | None, told: Sequence[RefundGranted], at: int, disputed: bool
) -> RefundGranted | None:
    """What went back when the whole order was called off, to the payment method and to the gift card; to the card
    alone, while the money of the payment is with the buyer's bank, or if it stays there."""
    placed = own.placed if isinstance(own, order.CancelledOrder) and own.was_paid else None
    if placed is None or placed.gift_card is None:
        return None if rest is None else RefundGranted(rest_id(order_id), rest.amount, "cancelled", at)
    if rest is None and placed.due.amount and not disputed:
        return None  # the payment was not asked yet
    nothing = Money(0, placed.due.currency)
    card = placed.gift_card.amount.subtract(total((one.gift_card or nothing for one in told), nothing.currency))
    amount = card if rest is None else card.add(rest.amount)
    part = card if card.amount else None
    return RefundGranted(rest_id(order_id), amount, "cancelled", at, gift_card=part) if amount.amount else None


def _refund(
    granted: RefundGranted, asked: Refund | None, on_card: Collection[str] | None, at: int | None
) -> dict[str, Any]:
    shipping: Mapping[str, Any] = granted.shipping
    carriage = sum(one.amount for one in shipping.values())
    return {
        "refundId": granted.refund_id,
        "status": _STATUS[_how_far(granted, asked, on_card)],
        "amount": granted.amount,
        "giftCard": granted.gift_card,
        "reason": granted.reason,
        "lines": [
            {"lineId": one.line_id, "quantity": one.quantity, "amount": one.amount, "tax": one.tax}
            for one in granted.lines
        ],
        "shipping": {"amount": carriage, "currency": granted.amount.currency} if shipping else None,
        "cause": granted.cause or None,
        "refusal": asked.refusal or None if asked is not None else None,
        "lost": _lost(granted, asked),
        "createdAt": instant(granted.at),
        "updatedAt": None if at is None else instant(at),
    }


def _lost(granted: RefundGranted, asked: Refund | None) -> Money | None:
    """What of it the payment was not asked for any more, because the buyer had got it by a dispute."""
    if asked is None or asked.amount.amount >= granted.to_method.amount:
        return None
    return granted.to_method.subtract(asked.amount)


def _how_far(granted: RefundGranted, asked: Refund | None, on_card: Collection[str] | None) -> str:
    """``refunded`` once both ways are done."""
    status = asked.status if asked is not None else "requested" if granted.to_method.amount else "refunded"
    waits = granted.gift_card is not None and on_card is not None and granted.refund_id not in on_card
    return "requested" if waits and status == "refunded" else status
