"""Order: what was bought, by whom, at which price. Stream ``ord_…``.

The order is recorded before any money moves and keeps its whole quote, so that every amount can be explained for
ever. Its id is derived from the cart and the cart's generation: two requests for one cart address one order.
"""

from __future__ import annotations

from msgspec.structs import replace

from domain.decider import Command, Decider, Event, State
from domain.errors import IllegalTransition, Invalid, NotFound
from domain.ids import stock_id
from domain.pricing import Quote
from domain.promotion import uses_of
from domain.shipment import (
    NAME_MAX,
    SHIPMENTS_MAX,
    Shipment,
    ShipmentDelivered,
    ShipmentPacked,
    ShipmentShipped,
    Units,
    packed,
    reached,
    to_pack,
)

LINES_MAX = 100

# events


class OrderPlaced(Event, frozen=True):
    account_id: str
    cart_id: str
    generation: int
    """Which checkout of the cart this is; the first is 0."""
    quote: Quote
    address: bytes
    """Sealed with the buyer's key."""
    country: str
    region: str
    payment_token: str
    """The provider's name for the payment method; never a card number."""
    at: int
    hold_until: int
    limits: dict[str, int] = {}
    """Stock id to the most units one account may buy."""
    backorder: tuple[str, ...] = ()
    """Stock ids that may be sold below zero."""
    cart_holds: tuple[str, ...] = ()
    """Stock ids whose units the cart holds already; the order's holds take them over."""


class OrderConfirmed(Event, frozen=True):
    """Stock is committed and payment authorized: the order stands."""


class OrderPaid(Event, frozen=True):
    payment_id: str


class OrderCancelled(Event, frozen=True):
    reason: str
    """``out_of_stock``, ``payment_declined``, ``expired``, ``not_serviceable``, ``limit_exceeded`` or ``cancelled``."""
    by: str = ""


# commands


class PlaceOrder(Command, frozen=True):
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


class ConfirmOrder(Command, frozen=True):
    order_id: str


class MarkOrderPaid(Command, frozen=True):
    order_id: str
    payment_id: str


class CancelOrder(Command, frozen=True):
    order_id: str
    reason: str
    by: str = ""


class PackShipment(Command, frozen=True):
    """With a carrier it leaves the house at once."""

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


# state


class NoOrder(State, frozen=True):
    pass


class OpenOrder(State, frozen=True):
    """PENDING: placed, perhaps confirmed, not paid."""

    placed: OrderPlaced
    confirmed: bool = False


class PaidOrder(State, frozen=True):
    """PAID, and what follows from its shipments: PACKED, SHIPPED, DELIVERED."""

    placed: OrderPlaced
    payment_id: str
    shipments: dict[str, Shipment] = {}


class CancelledOrder(State, frozen=True):
    placed: OrderPlaced
    reason: str
    was_paid: bool = False


Order = NoOrder | OpenOrder | PaidOrder | CancelledOrder


def status(state: Order) -> str:
    match state:
        case OpenOrder():
            return "PENDING"
        case PaidOrder():
            return (reached(state.shipments, _ordered(state)) or "paid").upper()
        case CancelledOrder():
            return "CANCELLED"
    raise NotFound("no such order")


def _ordered(state: PaidOrder, shop_id: str = "") -> Units:
    """Units by line, of one shop or of all."""
    return {line.line_id: line.quantity for line in state.placed.quote.lines if shop_id in ("", line.shop_id)}


def stock_lines(placed: OrderPlaced | PlaceOrder) -> list[tuple[str, int]]:
    """Stock id and quantity of each line, and of a use of each promotion that may be used so often only."""
    goods = [(stock_id(line.shop_id, line.sku), line.quantity) for line in placed.quote.lines]
    return goods + [(uses_of(used.promotion_id), 1) for used in placed.quote.promotions if used.counted]


# decide


def place_order(command: PlaceOrder, state: Order) -> list[Event]:
    if not isinstance(state, NoOrder):
        return []
    if not 1 <= len(command.quote.lines) <= LINES_MAX:
        raise Invalid(f"an order has 1 to {LINES_MAX} lines", "/cartId")
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
        )
    ]


def confirm_order(command: ConfirmOrder, state: Order) -> list[Event]:
    match state:
        case OpenOrder(confirmed=False):
            return [OrderConfirmed()]
        case OpenOrder() | PaidOrder():
            return []
    raise IllegalTransition("only a pending order can be confirmed")


def mark_order_paid(command: MarkOrderPaid, state: Order) -> list[Event]:
    match state:
        case OpenOrder(confirmed=True):
            return [OrderPaid(command.payment_id)]
        case PaidOrder():
            return []
    raise IllegalTransition("only a confirmed order can be paid")


def cancel_order(command: CancelOrder, state: Order) -> list[Event]:
    match state:
        case PaidOrder() if command.reason != "cancelled":
            # Paid is past expiring or being refused: who asks for it has not heard how the checkout ended.
            return []
        case PaidOrder(shipments=shipments) if shipments:
            raise IllegalTransition("parts of this order are packed already; what arrives can be returned")
        case OpenOrder() | PaidOrder():
            return [OrderCancelled(command.reason, command.by)]
        case CancelledOrder():
            return []
    raise NotFound("no such order")


def pack_shipment(command: PackShipment, state: Order) -> list[Event]:
    paid = _paid(state)
    if command.shipment_id in paid.shipments:
        return []
    if len(paid.shipments) >= SHIPMENTS_MAX:
        raise Invalid(f"an order has at most {SHIPMENTS_MAX} shipments")
    _check_carriage(command.carrier, command.tracking)
    done = packed(paid.shipments)
    left = {line_id: units - done.get(line_id, 0) for line_id, units in _ordered(paid, command.shop_id).items()}
    if not left:
        raise NotFound("this order has nothing of this shop")
    units = to_pack(left, command.units)
    events: list[Event] = [ShipmentPacked(command.shipment_id, command.shop_id, units, command.at)]
    if command.carrier:
        events.append(ShipmentShipped(command.shipment_id, command.carrier, command.tracking, units, command.at))
    return events


def ship_shipment(command: ShipShipment, state: Order) -> list[Event]:
    shipment = _shipment(state, command.shipment_id)
    if not command.carrier:
        raise Invalid("name the carrier", "/carrier")
    _check_carriage(command.carrier, command.tracking)
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


def _check_carriage(carrier: str, tracking: str) -> None:
    for text, pointer in ((carrier, "/carrier"), (tracking, "/tracking")):
        if len(text) > NAME_MAX:
            raise Invalid(f"at most {NAME_MAX} characters", pointer)
    if tracking and not carrier:
        raise Invalid("a tracking number needs its carrier", "/carrier")


def _paid(state: Order) -> PaidOrder:
    match state:
        case PaidOrder():
            return state
        case NoOrder():
            raise NotFound("no such order")
    raise IllegalTransition(f"an order that is {status(state)} cannot be packed")


def _shipment(state: Order, shipment_id: str) -> Shipment:
    shipment = _paid(state).shipments.get(shipment_id)
    if shipment is None:
        raise NotFound("no such shipment")
    return shipment


# evolve


def order_placed(state: Order, event: OrderPlaced) -> Order:
    return OpenOrder(event)


def order_confirmed(state: Order, event: OrderConfirmed) -> Order:
    return replace(state, confirmed=True) if isinstance(state, OpenOrder) else state


def order_paid(state: Order, event: OrderPaid) -> Order:
    return state if isinstance(state, NoOrder) else PaidOrder(state.placed, event.payment_id)


def order_cancelled(state: Order, event: OrderCancelled) -> Order:
    if isinstance(state, NoOrder):
        return state
    return CancelledOrder(state.placed, event.reason, isinstance(state, PaidOrder))


def shipment_packed(state: Order, event: ShipmentPacked) -> Order:
    return _with(state, event.shipment_id, Shipment(event.shop_id, event.units, event.at))


def shipment_shipped(state: Order, event: ShipmentShipped) -> Order:
    return _moved(
        state, event.shipment_id, status="shipped", carrier=event.carrier, tracking=event.tracking, shipped_at=event.at
    )


def shipment_delivered(state: Order, event: ShipmentDelivered) -> Order:
    return _moved(state, event.shipment_id, status="delivered", delivered_at=event.at)


def _with(state: Order, shipment_id: str, shipment: Shipment) -> Order:
    if not isinstance(state, PaidOrder):
        return state
    return replace(state, shipments={**state.shipments, shipment_id: shipment})


def _moved(state: Order, shipment_id: str, **changes: object) -> Order:
    known = state.shipments.get(shipment_id) if isinstance(state, PaidOrder) else None
    return state if known is None else _with(state, shipment_id, replace(known, **changes))


ORDER = Decider(
    name="order",
    initial=NoOrder(),
    states=Order,
    decisions={
        PlaceOrder: place_order,
        ConfirmOrder: confirm_order,
        MarkOrderPaid: mark_order_paid,
        CancelOrder: cancel_order,
        PackShipment: pack_shipment,
        ShipShipment: ship_shipment,
        DeliverShipment: deliver_shipment,
    },
    evolutions={
        OrderPlaced: order_placed,
        OrderConfirmed: order_confirmed,
        OrderPaid: order_paid,
        OrderCancelled: order_cancelled,
        ShipmentPacked: shipment_packed,
        ShipmentShipped: shipment_shipped,
        ShipmentDelivered: shipment_delivered,
    },
)
