"""An order as clients see it, folded from its own streams: a strong read, at any instant of its life."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from commands.mapper import recorded
from commands.store.port import EventLog
from commands.vault import Vault
from domain.checkout import saga
from domain.checkout.funds import OPEN, PaymentFunds
from domain.checkout.saga import Checkout
from domain.errors import NotFound
from domain.ids import payment_id
from domain.money import Money
from domain.orders import order
from domain.orders.order import ORDER
from domain.orders.orderreview import REJECTED
from domain.orders.returns import Return
from domain.orders.shipment import Shipment, Shipments
from domain.payments.giftcard import GiftCardRefunded
from domain.payments.payment import Payment, PaymentState
from domain.payments.paymentstate import captured_so_far
from domain.recorded import Recorded
from projections.orders.projector import OrderRow, PaymentRow, fold_payment
from readapi.edge.ids import require_id
from readapi.edge.positions import format_position
from readapi.instants import instant
from readapi.shapes.disputes import disputes_json
from readapi.shown.refunds import refunds_json


class OrderView(NamedTuple):
    """All that an order shows, however it was come by."""

    order_id: str
    placed: order.OrderPlaced
    status: str
    progress: str
    reason: str
    payment: str
    payment_row: PaymentRow | None
    """Since when it is as it is; None while there is none, and in replies to commands, which do not know it."""
    authorized_until: int
    """When the provider lets go what it has set aside (ms); 0 if nothing is, or it does not say."""
    captured: int
    """Minor units that the payment has taken."""
    disputes: list[dict[str, Any]]
    version: int
    """Of the order's own stream, as are the times."""
    updated_at: int
    note: bytes
    """What was said when it was called off; sealed."""
    shipments: Shipments
    cancellations: Mapping[str, order.LinesCancelled]
    returns: Mapping[str, Return]
    refunds: list[dict[str, Any]]


def view_of_checkout(
    state: Checkout,
    own: order.Order,
    paid: PaymentState | None,
    version: int,
    updated_at: int,
    on_card: Mapping[str, int] | None = None,
    row: PaymentRow | None = None,
    refunds_at: Mapping[str, int] | None = None,
) -> OrderView:
    """``on_card`` and ``refunds_at`` are as ``refunds_json`` takes them, ``row`` is the payment's where it is known."""
    return OrderView(
        order_id=state.order_id,
        placed=state.placed,
        status=order.status(own),
        progress=saga.progress(state),
        reason=state.reason,
        payment=state.payment.status,
        payment_row=row,
        authorized_until=paid.until if isinstance(paid, Payment) and paid.status in OPEN else 0,
        captured=captured_so_far(paid),
        disputes=disputes_json(paid),
        version=version,
        updated_at=updated_at,
        note=own.note if isinstance(own, order.CancelledOrder) else b"",
        shipments=own.shipments if isinstance(own, order.OpenOrder | order.PaidOrder) else {},
        cancellations={} if isinstance(own, order.NoOrder) else own.cancellations,
        returns=own.returns if isinstance(own, order.PaidOrder) else {},
        refunds=refunds_json(state.order_id, own, paid, updated_at, on_card, refunds_at),
    )


def view_of_states(
    order_id: str,
    state: order.Order,
    paid: PaymentState | None,
    version: int,
    updated_at: int,
    row: PaymentRow | None = None,
    refunds_at: Mapping[str, int] | None = None,
) -> OrderView:
    """From the order's and the payment's aggregates; ``paid`` may be None when there is no payment yet."""
    assert not isinstance(state, order.NoOrder)
    status = paid.status if isinstance(paid, Payment) else "none"
    reason = state.reason if isinstance(state, order.CancelledOrder) else ""
    confirmed = isinstance(state, order.OpenOrder) and state.confirmed
    known = Checkout(
        order_id,
        state.placed,
        (),
        payment=PaymentFunds(status),
        order="confirmed" if confirmed else _PROGRESS[type(state)],
        reason=reason,
    )
    return view_of_checkout(known, state, paid, version, updated_at, row=row, refunds_at=refunds_at)


def view_of_rows(order_id: str, row: OrderRow, paid: PaymentRow | None) -> OrderView:
    if paid is None:
        return view_of_states(order_id, row.order, None, row.version, row.updated_at, refunds_at={})
    return view_of_states(order_id, row.order, paid.payment, row.version, row.updated_at, paid, paid.refunds_at)


_PROGRESS = {order.OpenOrder: "pending", order.PaidOrder: "paid", order.CancelledOrder: "cancelled"}


class Until(NamedTuple):
    """How far into its history an order is read: to a version of its stream, an instant (ms), or the end."""

    version: int | None = None
    at: int | None = None


async def history(log: EventLog, order_id: str, until: Until | None = None) -> list[Recorded]:
    """Every event of the order, its payment and its part on a gift card, in log order. Raises NotFound when there is
    none by then, and for the name of any other stream."""
    own = [recorded(row) for row in await log.read_stream(require_id("order", order_id, "order"))]
    if not own:
        raise NotFound("no such order")
    paid = [recorded(row) for row in await log.read_stream(payment_id(order_id))]
    events = sorted(own + paid + await _on_gift_card(log, own[0]), key=lambda event: event.position)
    if until is not None:
        events = _cut(events, own, until)
    if not events:
        raise NotFound("the order did not exist then")
    return events


async def _on_gift_card(log: EventLog, first: Recorded) -> list[Recorded]:
    """What others have to do with the card stays untold."""
    placed: order.OrderPlaced = first.event
    if placed.gift_card is None:
        return []
    events = [recorded(row) for row in await log.read_stream(placed.gift_card.gift_card_id)]
    return [one for one in events if getattr(one.event, "order_id", "") == first.stream]


def _cut(events: list[Recorded], own: Sequence[Recorded], until: Until) -> list[Recorded]:
    if until.version is not None:
        if not 1 <= until.version <= len(own):
            raise NotFound(f"the order has versions 1 to {len(own)}")
        last = own[until.version - 1].position
        events = [event for event in events if event.position <= last]
    if until.at is not None:
        events = begun_by(events, until.at)
    return events


def begun_by(events: list[Recorded], at: int) -> list[Recorded]:
    """All up to the last that had happened by then (ms), by the instants that clients are told: those of events, which
    are recorded a moment later. Later ones in the log may not be missing in between."""
    there = [i for i, event in enumerate(events) if event.meta.occurred_at <= at]
    return events[: there[-1] + 1] if there else []


def fold(events: Iterable[Recorded]) -> OrderView:
    state: Checkout | None = None
    own: Any = ORDER.initial
    paid: PaymentRow | None = None
    version = updated_at = 0
    on_card: dict[str, int] = {}
    for event in events:
        state = saga.evolve(state, event)
        if event.stream.startswith("ord_"):
            own = ORDER.evolve(own, event.event)
            version, updated_at = event.version, event.meta.occurred_at
        elif event.stream.startswith("pay_"):
            paid = fold_payment(paid, event)
        elif isinstance(event.event, GiftCardRefunded):
            on_card[event.event.refund_id] = event.meta.occurred_at
    assert state is not None
    if paid is None:
        return view_of_checkout(state, own, None, version, updated_at, on_card, refunds_at={})
    return view_of_checkout(state, own, paid.payment, version, updated_at, on_card, paid, paid.refunds_at)


def payment_json(view: OrderView) -> dict[str, Any]:
    row = view.payment_row
    return {
        "paymentId": payment_id(view.order_id),
        "status": view.payment,
        "authorizedUntil": instant(view.authorized_until) if view.authorized_until else None,
        "createdAt": instant(row.created_at) if row else None,
        "updatedAt": instant(row.updated_at) if row else None,
        "version": row.version if row else None,
    }


def order_json(
    view: OrderView,
    vault: Vault,
    *,
    position: int,
    with_address: bool = True,
    lines: Sequence[Mapping[str, Any]] | None = None,
) -> dict[str, Any]:
    """``with_address`` is for answers that nobody stores; replies to idempotent commands are kept, and go without, as
    what is kept of them does without what people wrote. ``lines`` take the place of the order's own where more is told
    of them."""
    placed = view.placed
    covered = placed.gift_card

    def said(sealed: bytes) -> str | None:
        return note_of(vault, placed.account_id, sealed) if with_address else None

    progress: dict[str, Any] = {"state": view.progress}
    if view.reason:
        progress["reason"] = "cancelled" if view.reason == REJECTED else view.reason
    if note := said(view.note):
        progress["note"] = note
    body = {
        "orderId": view.order_id,
        "status": view.status,
        "cartId": placed.cart_id,
        "lines": placed.quote.lines if lines is None else lines,
        "totals": placed.quote.totals,
        "shippingMethod": placed.quote.method,
        "taxInclusive": placed.quote.tax_inclusive,
        "promotions": placed.quote.promotions,
        "undeliverable": placed.undeliverable,
        "giftCard": covered and {"giftCardId": covered.gift_card_id, "amount": covered.amount},
        "due": placed.due,
        "captured": Money(view.captured, placed.due.currency),
        "payment": payment_json(view),
        "shipments": [shipment_json(key, one) for key, one in view.shipments.items()],
        "cancellations": [
            {
                "cancellationId": key,
                "lines": units_json(one.units),
                "note": said(one.note),
                "createdAt": instant(one.at),
            }
            for key, one in view.cancellations.items()
        ],
        "returns": [
            return_json(key, one, vault if with_address else None, placed.account_id)
            for key, one in view.returns.items()
        ],
        "refunds": view.refunds,
        "disputes": view.disputes,
        "checkout": progress,
        "createdAt": instant(placed.at),
        "updatedAt": instant(view.updated_at),
        "version": view.version,
        "position": format_position(position),
    }
    if with_address:
        body["address"] = vault.open(placed.account_id, placed.address)
    return body


def note_of(vault: Vault, buyer_id: str, sealed: bytes) -> str | None:
    """What somebody wrote of a buyer's order; None for nothing, and once the buyer is erased."""
    opened = vault.open(buyer_id, sealed) if sealed else None
    return opened["note"] if opened else None


def units_json(units: Mapping[str, int]) -> list[dict[str, Any]]:
    return [{"lineId": line_id, "quantity": quantity} for line_id, quantity in units.items()]


def shipment_json(shipment_id: str, shipment: Shipment) -> dict[str, Any]:
    return {
        "shipmentId": shipment_id,
        "shopId": shipment.shop_id,
        "status": shipment.status.upper(),
        "lines": units_json(shipment.units),
        "carrier": shipment.carrier or None,
        "tracking": shipment.tracking or None,
        "due": shipment.due,
        "packedAt": instant(shipment.packed_at),
        "shippedAt": instant(shipment.shipped_at) if shipment.shipped_at else None,
        "deliveredAt": instant(shipment.delivered_at) if shipment.delivered_at else None,
        "createdAt": instant(shipment.packed_at),
        "updatedAt": instant(max(shipment.packed_at, shipment.shipped_at, shipment.delivered_at)),
    }


def return_json(return_id: str, one: Return, vault: Vault | None, buyer_id: str) -> dict[str, Any]:
    """Without a vault it tells nothing that people wrote: such an answer may be stored."""

    def opened(sealed: bytes) -> dict[str, Any]:
        return (vault.open(buyer_id, sealed) if vault is not None and sealed else None) or {}

    reasons = opened(one.note).get("reasons", {})
    return {
        "returnId": return_id,
        "shopId": one.shop_id,
        "status": one.status.upper(),
        "lines": [
            {"lineId": line_id, "quantity": units, "reason": reasons.get(line_id)}
            for line_id, units in one.units.items()
        ],
        "label": {"carrier": one.carrier, "tracking": one.tracking or None} if one.carrier else None,
        "received": units_json(one.received),
        "restocked": one.restocked if one.status == "received" else None,
        "refusal": opened(one.refusal).get("note"),
        "createdAt": instant(one.requested_at),
        "updatedAt": instant(one.moved_at),
    }
