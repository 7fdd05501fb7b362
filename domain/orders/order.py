"""Order: what was bought, by whom, at which price. Stream ``ord_…``.

The order is recorded before any money moves and keeps its whole quote, so that every amount can be explained for
ever. Its id is derived from the cart and the cart's generation: two requests for one cart address one order.

This is the way in: what is imported below as ``X as X`` lies elsewhere in the room, and others take it from here.
"""

from __future__ import annotations

from domain.decider import Command, Decider, Event
from domain.errors import IllegalTransition, Invalid, NotFound
from domain.orders import aftersale, orderevolution, orderreviewing, parcelling
from domain.orders.orderevents import LinesCancelled as LinesCancelled
from domain.orders.orderevents import OrderCancelled as OrderCancelled
from domain.orders.orderevents import OrderConfirmed as OrderConfirmed
from domain.orders.orderevents import OrderGiven as OrderGiven
from domain.orders.orderevents import OrderGivenBack as OrderGivenBack
from domain.orders.orderevents import OrderPaid as OrderPaid
from domain.orders.orderevents import OrderPlaced as OrderPlaced
from domain.orders.orderevents import OrderRefunded as OrderRefunded
from domain.orders.orderstate import CancelledOrder as CancelledOrder
from domain.orders.orderstate import NoOrder as NoOrder
from domain.orders.orderstate import OpenOrder as OpenOrder
from domain.orders.orderstate import Order as Order
from domain.orders.orderstate import PaidOrder as PaidOrder
from domain.orders.orderstate import may_be_packed, ordered, to_send
from domain.orders.orderstate import status as status
from domain.orders.orderstate import stock_lines as stock_lines
from domain.orders.parcel import is_by_parcel
from domain.orders.refund import RefundGranted as RefundGranted
from domain.orders.shipment import (
    SHIPMENTS_MAX,
    Shipment,
    ShipmentDelivered,
    ShipmentPacked,
    ShipmentShipped,
    Units,
    check_carriage,
    to_pack,
)
from domain.orders.tender import Covered
from domain.pricing.pricing import Quote
from domain.pricing.serviceability import Undeliverable

LINES_MAX = 100

# commands


class PlaceOrder(Command, frozen=True):
    """What its fields mean is said at ``OrderPlaced``, which has the same."""

    order_id: str
    account_id: str
    cart_id: str
    generation: int
    quote: Quote
    address: bytes
    country: str
    region: str
    payment_token: str
    at: int
    hold_until: int
    limits: dict[str, int] = {}
    backorder: tuple[str, ...] = ()
    cart_holds: tuple[str, ...] = ()
    capture: str = ""
    capture_at: int = 0
    review: tuple[str, ...] = ()
    review_within: int = 0
    gift_card: Covered | None = None
    undeliverable: tuple[Undeliverable, ...] = ()


class ConfirmOrder(Command, frozen=True):
    order_id: str


class MarkOrderPaid(Command, frozen=True):
    order_id: str
    payment_id: str
    """Empty when nothing was to be paid."""
    at: int


class MarkOrderRefunded(Command, frozen=True):
    order_id: str


class CancelOrder(Command, frozen=True):
    order_id: str
    reason: str
    by: str = ""
    note: bytes = b""


class PackShipment(Command, frozen=True):
    """With a carrier it leaves the house at once, or as soon as the order is paid."""

    order_id: str
    shipment_id: str
    shop_id: str
    at: int
    units: Units = {}
    """By line; none means all that is left of the shop's."""
    carrier: str = ""
    tracking: str = ""


class ShipShipment(Command, frozen=True):
    order_id: str
    shipment_id: str
    carrier: str
    tracking: str
    at: int


class DeliverShipment(Command, frozen=True):
    order_id: str
    shipment_id: str
    at: int


# decide


def place_order(command: PlaceOrder, state: Order) -> list[Event]:
    if not isinstance(state, NoOrder):
        return []
    if not 1 <= len(command.quote.lines) <= LINES_MAX:
        raise Invalid(f"an order has 1 to {LINES_MAX} lines", "/cartId")
    if command.gift_card is not None:
        assert 0 < command.gift_card.amount.amount <= command.quote.totals.grand.amount, command.gift_card
    return [
        OrderPlaced(
            account_id=command.account_id,
            cart_id=command.cart_id,
            generation=command.generation,
            quote=command.quote,
            address=command.address,
            country=command.country,
            region=command.region,
            payment_token=command.payment_token,
            at=command.at,
            hold_until=command.hold_until,
            limits=command.limits,
            backorder=command.backorder,
            cart_holds=command.cart_holds,
            capture=command.capture,
            capture_at=command.capture_at,
            review=command.review,
            review_within=command.review_within,
            gift_card=command.gift_card,
            undeliverable=command.undeliverable,
        )
    ]


def confirm_order(command: ConfirmOrder, state: Order) -> list[Event]:
    match state:
        case OpenOrder(confirmed=False, placed=placed, review=review):
            if placed.review and (review is None or review.status != "approved"):
                raise IllegalTransition("only an order that a person has approved can be confirmed")
            return [OrderConfirmed()]
        case OpenOrder() | PaidOrder():
            return []
    raise IllegalTransition("only a pending order can be confirmed")


def mark_order_paid(command: MarkOrderPaid, state: Order) -> list[Event]:
    match state:
        case OpenOrder(confirmed=True, placed=placed) if not command.payment_id:
            assert not placed.quote.totals.grand.amount, placed
            return [OrderPaid(""), OrderGiven(placed.quote.totals.grand)]
        case OpenOrder(confirmed=True, shipments=shipments):
            waiting = [
                ShipmentShipped(shipment_id, one.carrier, one.tracking, one.units, command.at)
                for shipment_id, one in shipments.items()
                if one.carrier
            ]
            return [OrderPaid(command.payment_id), *waiting]
        case PaidOrder():
            return []
    raise IllegalTransition("only a confirmed order can be paid")


def mark_order_refunded(command: MarkOrderRefunded, state: Order) -> list[Event]:
    """Only the payment knows; a cancelled order stays cancelled."""
    return [OrderRefunded()] if isinstance(state, PaidOrder) and not state.refunded else []


def cancel_order(command: CancelOrder, state: Order) -> list[Event]:
    match state:
        case PaidOrder() if command.reason != "cancelled":
            # Paid is past expiring or being refused: who asks for it has not heard how the checkout ended.
            return []
        case OpenOrder(shipments=shipments) | PaidOrder(shipments=shipments) if shipments and (
            command.reason == "cancelled"
        ):
            raise IllegalTransition("parts of this order are packed already; what arrives can be returned")
        case OpenOrder(shipments=shipments) if shipments and command.reason == "expired":
            return []  # packed in time, of which who asks for it has not heard
        case OpenOrder(cancellations=cancellations):
            left = ordered(state) if cancellations else {}
            return [OrderCancelled(command.reason, command.by, left, command.note)]
        case PaidOrder():
            return aftersale.cancelled_whole(state, command.by, command.note)
        case CancelledOrder():
            return []
    raise NotFound("no such order")


def pack_shipment(command: PackShipment, state: Order) -> list[Event]:
    order = _packable(state)
    if command.shipment_id in order.shipments:
        return []
    if isinstance(order, PaidOrder) and order.refunded:
        raise IllegalTransition("an order that is REFUNDED cannot be packed")
    if len(order.shipments) >= SHIPMENTS_MAX:
        raise Invalid(f"an order has at most {SHIPMENTS_MAX} shipments")
    check_carriage(command.carrier, command.tracking)
    left = to_send(order, command.shop_id)
    if not left:
        raise NotFound("this order has nothing of this shop")
    units = to_pack(left, command.units)
    if is_by_parcel(order):
        return parcelling.packed(command, units, order)
    if isinstance(order, OpenOrder):
        waits = (command.carrier, command.tracking)
        return [ShipmentPacked(command.shipment_id, command.shop_id, units, command.at, *waits)]
    events: list[Event] = [ShipmentPacked(command.shipment_id, command.shop_id, units, command.at)]
    if command.carrier:
        events.append(ShipmentShipped(command.shipment_id, command.carrier, command.tracking, units, command.at))
    return events


def ship_shipment(command: ShipShipment, state: Order) -> list[Event]:
    shipment = _shipment(state, command.shipment_id)
    if isinstance(state, OpenOrder):
        raise IllegalTransition("its money is being taken: it may leave once the order is PAID")
    if shipment.due is not None and not shipment.paid:
        raise IllegalTransition("its money is being taken: it may leave once that is there")
    if not command.carrier:
        raise Invalid("name the carrier", "/carrier")
    check_carriage(command.carrier, command.tracking)
    if shipment.status != "packed":
        if (shipment.carrier, shipment.tracking) == (command.carrier, command.tracking):
            return []
        raise IllegalTransition("this shipment has left already")
    return [
        ShipmentShipped(command.shipment_id, command.carrier, command.tracking, shipment.units, command.at),
    ]


def deliver_shipment(command: DeliverShipment, state: Order) -> list[Event]:
    shipment = _shipment(state, command.shipment_id)
    if shipment.status == "packed":
        raise IllegalTransition("this shipment has not left yet")
    return [] if shipment.status == "delivered" else [ShipmentDelivered(command.shipment_id, command.at)]


def _packable(state: Order) -> OpenOrder | PaidOrder:
    if isinstance(state, OpenOrder | PaidOrder) and may_be_packed(state):
        return state
    if isinstance(state, NoOrder):
        raise NotFound("no such order")
    raise IllegalTransition(f"an order that is {status(state)} cannot be packed")


def _shipment(state: Order, shipment_id: str) -> Shipment:
    shipment = _packable(state).shipments.get(shipment_id)
    if shipment is None:
        raise NotFound("no such shipment")
    return shipment


ORDER = Decider(
    name="order",
    initial=NoOrder(),
    states=Order,
    decisions={
        PlaceOrder: place_order,
        ConfirmOrder: confirm_order,
        MarkOrderPaid: mark_order_paid,
        MarkOrderRefunded: mark_order_refunded,
        CancelOrder: cancel_order,
        PackShipment: pack_shipment,
        ShipShipment: ship_shipment,
        DeliverShipment: deliver_shipment,
        **aftersale.DECISIONS,
        **parcelling.DECISIONS,
        **orderreviewing.DECISIONS,
    },
    evolutions=orderevolution.EVOLUTIONS,
)
