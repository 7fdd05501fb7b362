"""The saga as a specification: these events, therefore these commands."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from domain.buyers import cart
from domain.checkout import saga
from domain.checkout.saga import PAYMENT_GRACE_MS, Checkout
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


# the good way


def test_closes_the_cart_first():
    given().asks_for(cart.CheckOutCart(CART, ORDER, {"lin_PEN": 2, "lin_INK": 1}, NOW))


def test_then_holds_what_was_ordered():
    given(CLOSED).asks_for(hold(PENS, 2), hold(INK, 1))


def test_holds_only_what_is_not_held_yet():
    given(CLOSED, PENS_HELD).asks_for(hold(INK, 1))


def test_terms_of_the_offer_go_with_the_hold():
    special = placed(limits={PENS: 3}, backorder=(INK,), cart_holds=(PENS,))
    given(CLOSED, placed=special).asks_for(hold(PENS, 2, limit=3, replaces=CART), hold(INK, 1, backorder=True))


def test_then_asks_for_the_money():
    given(*RESERVED).asks_for(payment.RequestAuthorization(PAYMENT, ORDER, PRICE, "pm_card_visa"))


def test_waits_for_the_provider():
    given(*AUTHORIZING).asks_for_nothing()


def test_sells_the_goods_before_it_takes_the_money():
    given(*AUTHORIZING, AUTHORIZED).asks_for(
        inventory.CommitStock(PENS, ORDER, 2, NOW), inventory.CommitStock(INK, ORDER, 1, NOW)
    )
    given(*AUTHORIZING, AUTHORIZED, PENS_SOLD).asks_for(inventory.CommitStock(INK, ORDER, 1, NOW))


def test_then_confirms_captures_and_is_paid():
    given(*SOLD).asks_for(order.ConfirmOrder(ORDER))
    given(*SOLD, CONFIRMED).asks_for(payment.RequestCapture(PAYMENT))
    given(*TAKING).asks_for_nothing()
    given(*TAKING, CAPTURED).asks_for(order.MarkOrderPaid(ORDER, PAYMENT, NOW))
    given(*TAKING, CAPTURED, PAID).asks_for_nothing()


# compensation


def test_sold_out_gives_back_what_was_held():
    story = given(CLOSED, PENS_HELD, INK_REFUSED)
    story.asks_for(order.CancelOrder(ORDER, "out_of_stock"))
    after = given(*story.events, cancelled("out_of_stock"))
    after.asks_for(inventory.ReleaseStock(PENS, ORDER, NOW, "out_of_stock"), reopen(after))


def test_above_the_limit_is_told_as_such():
    refused = (INK, inventory.StockRefused(ORDER, 1, 9, "limit_exceeded"))
    given(CLOSED, PENS_HELD, refused).asks_for(order.CancelOrder(ORDER, "limit_exceeded"))


def test_sold_out_while_the_buyer_paid_gives_the_money_back_too():
    story = given(*AUTHORIZING, AUTHORIZED, PENS_SOLD, INK_REFUSED)
    story.asks_for(order.CancelOrder(ORDER, "out_of_stock"))
    after = given(*story.events, cancelled("out_of_stock"))
    after.asks_for(
        inventory.UncommitStock(PENS, ORDER, 2, NOW, "out_of_stock"),
        payment.RequestVoid(PAYMENT, "out_of_stock"),
        reopen(after),
    )


def test_declined_gives_the_goods_back():
    given(*AUTHORIZING, DECLINED).asks_for(order.CancelOrder(ORDER, "payment_declined"))
    after = given(*AUTHORIZING, DECLINED, cancelled("payment_declined"))
    after.asks_for(
        inventory.ReleaseStock(PENS, ORDER, NOW, "payment_declined"),
        inventory.ReleaseStock(INK, ORDER, NOW, "payment_declined"),
        reopen(after),
    )


def test_a_capture_that_is_refused_for_good_cancels_the_order():
    refused = (PAYMENT, payment.PaymentDeclined("expired"))
    given(*TAKING, refused).asks_for(order.CancelOrder(ORDER, "payment_declined"))
    after = given(*TAKING, refused, cancelled("payment_declined"))
    after.asks_for(
        inventory.UncommitStock(PENS, ORDER, 2, NOW, "payment_declined"),
        inventory.UncommitStock(INK, ORDER, 1, NOW, "payment_declined"),
        reopen(after),
    )


def test_not_serviceable_is_refused_before_anything_is_held():
    nowhere = placed(ships_to=("FR",))
    given(CLOSED, placed=nowhere).asks_for(order.CancelOrder(ORDER, "not_serviceable"))


def test_expired_when_the_holds_ran_out_before_the_money_was_asked_for():
    given(*RESERVED).at(HOLD_UNTIL).asks_for(payment.RequestAuthorization(PAYMENT, ORDER, PRICE, "pm_card_visa"))
    given(*RESERVED).at(HOLD_UNTIL + 1).asks_for(order.CancelOrder(ORDER, "expired"))


def test_an_unanswered_authorization_is_given_some_grace():
    given(*AUTHORIZING).at(HOLD_UNTIL + PAYMENT_GRACE_MS).asks_for_nothing()
    given(*AUTHORIZING).at(HOLD_UNTIL + PAYMENT_GRACE_MS + 1).asks_for(order.CancelOrder(ORDER, "expired"))


def test_what_comes_back_to_the_cart_is_what_had_left_it():
    one_pen = (CART, cart.CartCheckedOut(ORDER, ("lin_PEN",), NOW, {"lin_PEN": 1}))
    after = given(one_pen, cancelled("expired"))
    pens, _ = reopen(after).lines
    after.asks_for(cart.ReopenCart(CART, ORDER, (replace(pens, quantity=1),)))
    nothing = given((CART, cart.CartCheckedOut(ORDER, (), NOW)), cancelled("expired"))
    nothing.asks_for_nothing()
    assert saga.is_settled(nothing.state)


def test_after_a_checkout_of_version_1_all_that_was_ordered_comes_back():
    after = given((CART, cart.CartCheckedOut(ORDER, ("lin_PEN", "lin_INK"), NOW)), cancelled("expired"))
    after.asks_for(reopen(after))


def test_money_set_aside_after_the_order_expired_is_given_up():
    released = [(stock, inventory.StockReleased(ORDER, 1, "expired")) for stock in (PENS, INK)]
    gone = (*AUTHORIZING, cancelled("expired"), *released, (CART, cart.CartReopened(ORDER, ())))
    given(*gone).asks_for_nothing()
    assert not saga.is_settled(given(*gone).state), "the provider has still to be heard"
    late = given(*gone, AUTHORIZED)
    late.asks_for(payment.RequestVoid(PAYMENT, "expired"))
    assert not saga.is_settled(late.state)


def test_money_found_after_it_was_given_up_is_given_back():
    ended = (*AUTHORIZING, DECLINED, cancelled("payment_declined"), (CART, cart.CartReopened(ORDER, ())))
    ended += tuple((stock, inventory.StockReleased(ORDER, 1, "payment_declined")) for stock in (PENS, INK))
    assert saga.is_settled(given(*ended).state)
    given(*ended, AUTHORIZED).asks_for(payment.RequestVoid(PAYMENT, "payment_declined"))
    assert not saga.is_settled(given(*ended, AUTHORIZED).state)


def test_cancelled_while_the_money_is_taken_waits_and_gives_it_back():
    uncommitted = [(stock, inventory.StockUncommitted(ORDER, 1, "cancelled")) for stock in (PENS, INK)]
    given(*TAKING, cancelled("cancelled"), *uncommitted).asks_for_nothing()
    given(*TAKING, cancelled("cancelled"), *uncommitted, CAPTURED).asks_for(payment.RequestRefund(PAYMENT, "cancelled"))


def test_whoever_cancels_on_purpose_does_not_get_the_cart_back():
    after = given(CLOSED, cancelled("cancelled"))
    after.asks_for_nothing()
    assert saga.is_settled(after.state)


# asking twice, ends, hearsay


@pytest.mark.parametrize("length", range(len(TAKING) + 1))
def test_asking_again_asks_for_the_same(length):
    story = given(*TAKING[:length])
    assert saga.next_commands(story.state, NOW) == saga.next_commands(story.state, NOW)


@pytest.mark.parametrize("length", range(len(TAKING) + 1))
def test_every_unsettled_step_asks_for_something_or_waits_for_the_provider(length):
    state = given(*TAKING[:length]).state
    assert not saga.is_settled(state)
    assert saga.next_commands(state, NOW) or state.intent


@pytest.mark.parametrize("length", range(len(TAKING) + 1))
@pytest.mark.parametrize("reason", ["out_of_stock", "payment_declined", "expired", "cancelled"])
def test_wherever_it_is_cancelled_everything_is_undone(length, reason):
    """Carries out whatever is asked for until nothing is: no goods held, no money kept."""
    events = [*TAKING[:length], cancelled(reason)]
    for _ in range(20):
        state = given(*events).state
        done = [outcome for command in saga.next_commands(state, NOW) for outcome in carried_out(command)]
        if not done and state.intent:
            done = [answered(state)]
        if not done:
            break
        events += done
    assert saga.is_settled(state)
    assert {line.stock for line in state.lines} <= {"none", "released"}
    assert state.payment in ("none", "voided", "refunded")
    assert state.cart != "closed" or reason == "cancelled"


def carried_out(command: Command) -> list[tuple[str, Event]]:
    match command:
        case inventory.ReleaseStock(stock, hold_id, _, reason):
            return [(stock, inventory.StockReleased(hold_id, 1, reason))]
        case inventory.UncommitStock(stock, hold_id, quantity, _, reason):
            return [(stock, inventory.StockUncommitted(hold_id, quantity, reason))]
        case payment.RequestVoid(paid, reason):
            return [(paid, payment.VoidRequested("ch_1", reason))]
        case payment.RequestRefund(paid, reason):
            return [(paid, payment.RefundRequested(PRICE, "ch_1", reason))]
        case cart.CheckOutCart(cart_id, order_id, ordered, at):
            return [(cart_id, cart.CartCheckedOut(order_id, tuple(ordered), at, ordered))]
        case cart.ReopenCart(cart_id, order_id, lines):
            return [(cart_id, cart.CartReopened(order_id, lines))]
    raise AssertionError(f"unexpected while compensating: {command}")


def answered(state: Checkout) -> tuple[str, Event]:
    return {
        "authorizing": AUTHORIZED,
        "capturing": CAPTURED,
        "voiding": (PAYMENT, payment.PaymentVoided()),
        "refunding": (PAYMENT, payment.PaymentRefunded(PRICE)),
    }[state.payment]


def test_other_holds_on_the_same_goods_are_other_peoples_business():
    somebody = (INK, inventory.StockRefused("ord_2", 1, 0, "out_of_stock"))
    given(*RESERVED, somebody).asks_for(payment.RequestAuthorization(PAYMENT, ORDER, PRICE, "pm_card_visa"))


def test_failed_attempts_count_for_the_open_intent_only():
    first = (PAYMENT, payment.AttemptFailed("pay_1/1", 1, "GatewayTimeout"))
    assert given(*AUTHORIZING, first).state.attempts == 1
    assert given(*TAKING, first).state.attempts == 0


def test_the_open_intent_is_named_by_its_event():
    assert given(*AUTHORIZING).state.intent == "pay_1/1"
    assert given(*TAKING).state.intent == "pay_1/3"
    assert given(*TAKING, CAPTURED).state.intent == ""


def test_nothing_is_known_before_the_order():
    assert saga.evolve(None, given().record(CART, CLOSED[1])) is None


@pytest.mark.parametrize(
    ("story", "progress"),
    [
        (given(), "CART_VALIDATED"),
        (given(*AUTHORIZING), "INVENTORY_RESERVED"),
        (given(*AUTHORIZING, AUTHORIZED), "PAYMENT_AUTHORIZED"),
        (given(*TAKING), "ORDER_CREATED"),
        (given(*TAKING, CAPTURED), "PAYMENT_CAPTURED"),
        (given(*TAKING, CAPTURED, PAID), "PAYMENT_CAPTURED"),
        (given(*AUTHORIZING, DECLINED, cancelled("payment_declined")), "COMPENSATED"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_progress_as_clients_see_it(story, progress):
    assert saga.progress(story.state) == progress
