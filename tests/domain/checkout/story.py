"""An order of pens and ink, and what may happen to its checkout: the words in which the saga is specified."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import msgspec

from domain.buyers import cart
from domain.checkout import saga
from domain.checkout.saga import Checkout
from domain.decider import Command, Event
from domain.ids import stock_id
from domain.inventory import inventory
from domain.money import Money
from domain.orders import order
from domain.payments import payment
from domain.pricing.pricing import Destination, QuoteLine, price_quote
from domain.recorded import Meta, Recorded
from kontor.tables import shipping_table, tax_table

ORDER, CART, PAYMENT = "ord_1", "crt_1", "pay_1"
PENS, INK = stock_id("shp_a", "PEN"), stock_id("shp_a", "INK")
NOW, HOLD_UNTIL = 1_000, 601_000
META = Meta(NOW, NOW, "usr_1", "cmd", ORDER, "", "", b"")


def placed(ships_to: tuple[str, ...] = ("*",), **changes: Any) -> order.OrderPlaced:
    lines = [
        QuoteLine(
            line_id=f"lin_{sku}",
            shop_id="shp_a",
            shop_country="US",
            sku=sku,
            product_id=f"prd_{sku}",
            title=sku,
            quantity=quantity,
            unit_price=Money(1999, "USD"),
            ships_to=ships_to,
        )
        for sku, quantity in (("PEN", 2), ("INK", 1))
    ]
    quote = price_quote(lines, Destination("US", "CA", "94105"), "standard", tax_table(), shipping_table())
    fields = {
        "account_id": "usr_1",
        "cart_id": CART,
        "generation": 0,
        "quote": quote,
        "address": b"sealed",
        "country": "US",
        "region": "CA",
        "payment_token": "pm_card_visa",
        "at": NOW,
        "hold_until": HOLD_UNTIL,
    }
    return order.OrderPlaced(**fields | changes)


PLACED = placed()
PRICE = PLACED.quote.totals.grand
CLOSED = (CART, cart.CartCheckedOut(ORDER, ("lin_PEN", "lin_INK"), NOW, {"lin_PEN": 2, "lin_INK": 1}))
PENS_HELD = (PENS, inventory.StockHeld(ORDER, 2, HOLD_UNTIL))
INK_HELD = (INK, inventory.StockHeld(ORDER, 1, HOLD_UNTIL))
INK_REFUSED = (INK, inventory.StockRefused(ORDER, 1, 0, "out_of_stock"))
ASKED = (PAYMENT, payment.AuthorizationRequested(ORDER, PRICE, "pm_card_visa"))
AUTHORIZED = (PAYMENT, payment.PaymentAuthorized("ch_1"))
DECLINED = (PAYMENT, payment.PaymentDeclined("card_declined"))
PENS_SOLD = (PENS, inventory.StockCommitted(ORDER, 2))
INK_SOLD = (INK, inventory.StockCommitted(ORDER, 1))
CONFIRMED = (ORDER, order.OrderConfirmed())
CAPTURING = (PAYMENT, payment.CaptureRequested(PRICE, "ch_1"))
CAPTURED = (PAYMENT, payment.PaymentCaptured(PRICE))
PAID = (ORDER, order.OrderPaid(PAYMENT))

RESERVED = (CLOSED, PENS_HELD, INK_HELD)
AUTHORIZING = (*RESERVED, ASKED)
SOLD = (*AUTHORIZING, AUTHORIZED, PENS_SOLD, INK_SOLD)
TAKING = (*SOLD, CONFIRMED, CAPTURING)


@dataclass
class Story:
    """An order that was placed, and what happened since: pairs of a stream and its event."""

    placed: order.OrderPlaced
    events: tuple[tuple[str, Event], ...]
    now: int = NOW
    versions: dict[str, int] = field(default_factory=dict)

    def record(self, stream: str, event: Event) -> Recorded:
        self.versions[stream] = self.versions.get(stream, 0) + 1
        return Recorded(sum(self.versions.values()), stream, self.versions[stream], event, META, b"")

    @property
    def state(self) -> Checkout:
        self.versions = {}
        state: Checkout | None = None
        for stream, event in ((ORDER, self.placed), *self.events):
            state = saga.evolve(state, self.record(stream, event))
        assert state is not None
        assert msgspec.msgpack.decode(msgspec.msgpack.encode(state), type=Checkout) == state
        return state

    def at(self, now: int) -> Story:
        return Story(self.placed, self.events, now)

    def asks_for(self, *commands: Command) -> None:
        assert saga.next_commands(self.state, self.now) == list(commands)

    def asks_for_nothing(self) -> None:
        self.asks_for()


def given(*events: tuple[str, Event], placed: order.OrderPlaced = PLACED) -> Story:
    return Story(placed, events)


def hold(stock: str, quantity: int, **changes: Any) -> inventory.HoldStock:
    fields = {"stock_id": stock, "hold_id": ORDER, "quantity": quantity, "at": NOW, "expires_at": HOLD_UNTIL}
    return inventory.HoldStock(**fields | {"account_id": "usr_1"} | changes)


def cancelled(reason: str) -> tuple[str, Event]:
    return ORDER, order.OrderCancelled(reason)


def reopen(story: Story) -> cart.ReopenCart:
    lines = tuple(
        cart.CartLine(
            item_id=line.line_id,
            shop_id=line.shop_id,
            sku=line.sku,
            product_id=line.product_id,
            title=line.title,
            quantity=line.quantity,
            unit_price=line.unit_price,
        )
        for line in story.placed.quote.lines
    )
    return cart.ReopenCart(CART, ORDER, lines)
