"""What of an order's refunds and disputes is one shop's, as its seller is told: nothing of other sellers'.

A refund of lines and parcels says whose they are. Of any other, and of what a bank is asked to give back, each shop's
part goes by what the buyer paid for its goods and had not got back by then; what it took in the end, the ledger says.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

from domain.money import Money, allocate, total
from domain.orders.order import CancelledOrder, PaidOrder, RefundGranted
from domain.payments.dispute import OPEN
from domain.payments.payment import Payment, PaymentState
from domain.pricing.pricing import Quote
from projections.orders.projector import OrderRow, PaymentRow
from readapi.shapes.disputes import disputes_json
from readapi.shown.refunds import refunds_json

Decided = Literal["open", "closed"]


def decided(paid: PaymentRow | None) -> Decided | None:
    """Whether a bank has still to decide about the order's money; None where none was asked."""
    disputes = _disputes(paid)
    if not disputes:
        return None
    return "open" if any(one.status == OPEN for one in disputes.values()) else "closed"


def shop_disputes(row: OrderRow, paid: PaymentRow | None, shop_id: str) -> list[dict[str, Any]]:
    """The oldest first."""
    opened = _disputes(paid)

    def part(dispute_id: str, amount: Money) -> Money:
        earlier = [one for one in _granted(row).values() if one.at <= opened[dispute_id].opened_at]
        return _part(row.placed.quote, earlier, amount, shop_id)

    return [{**one, "amount": part(one["disputeId"], one["amount"])} for one in disputes_json(_state(paid))]


def shop_refunds(order_id: str, row: OrderRow, paid: PaymentRow | None, shop_id: str) -> list[dict[str, Any]]:
    """In the order in which they were granted."""
    granted, moved = _granted(row), {} if paid is None else paid.refunds_at
    mine = {line.line_id for line in row.placed.quote.lines if line.shop_id == shop_id}
    earlier: list[RefundGranted] = []
    found = []
    for shown in refunds_json(order_id, row.order, _state(paid), row.updated_at, refunds_at=moved):
        one = granted.get(shown["refundId"])
        lines = [line for line in shown["lines"] if line["lineId"] in mine]
        carriage = one.shipping.get(shop_id) if one is not None else None
        if one is not None and (one.lines or one.shipping):
            amounts = [*(line["amount"] for line in lines), *([] if carriage is None else [carriage])]
            amount = total(amounts, shown["amount"].currency)
        else:
            amount = _part(row.placed.quote, earlier, shown["amount"], shop_id)
        if amount.amount:
            kept = {name: shown[name] for name in ("refundId", "status", "reason", "cause", "refusal")}
            times = {name: shown[name] for name in ("createdAt", "updatedAt")}
            found.append({**kept, "amount": amount, "lines": lines, "shipping": carriage, **times})
        if one is not None:
            earlier.append(one)
    return found


def _state(paid: PaymentRow | None) -> PaymentState | None:
    return None if paid is None else paid.payment


def _disputes(paid: PaymentRow | None) -> dict[str, Any]:
    state = _state(paid)
    return state.disputes if isinstance(state, Payment) else {}


def _granted(row: OrderRow) -> dict[str, RefundGranted]:
    return row.order.refunds if isinstance(row.order, PaidOrder | CancelledOrder) else {}


def _part(quote: Quote, earlier: Iterable[RefundGranted], amount: Money, shop_id: str) -> Money:
    shop_of = {line.line_id: line.shop_id for line in quote.lines}
    kept = dict.fromkeys(shop_of.values(), 0)
    for line in quote.lines:
        kept[line.shop_id] += line.total.amount
    for share in (share for one in earlier for share in one.lines):
        kept[shop_of[share.line_id]] -= share.amount.amount
    parts = allocate(amount, [max(0, weight) for weight in kept.values()])
    return dict(zip(kept, parts, strict=True))[shop_id]
