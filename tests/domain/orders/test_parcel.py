"""What parcels cost, and whose money it is: to the cent, however an order is divided into parcels."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from domain.books.course import Course
from domain.books.ledger import PROVIDER
from domain.books.postings import NOTHING, Holding, held, with_parcel
from domain.money import Money
from domain.orders import order, parcel
from domain.orders.parcel import cost
from domain.orders.policy import PARCEL
from domain.orders.refund import RefundGranted
from domain.orders.shipment import Shipment, ShipmentGiven
from domain.payments.payment import DisputeLost, PaymentCaptured, PaymentRefunded
from domain.pricing.pieces import pieces_of
from domain.pricing.pricing import Quote
from tests.domain.books.journals import journal, recorded
from tests.domain.books.quotes import CALIFORNIA, balances, captured, line, orders, quote
from tests.domain.orders.twosellers import placed


def parcels_of(made: Quote, sizes: list[int]) -> dict[str, Shipment]:
    """All of the order, units of one seller in each parcel: as many as the next of ``sizes`` says."""
    found: dict[str, Shipment] = {}
    for one in made.lines:
        left = one.quantity
        while left:
            units = min(left, sizes[len(found) % len(sizes)])
            found[f"shi_{len(found)}"] = Shipment(one.shop_id, {one.line_id: units}, 1, paid=True)
            left -= units
    return found


def sold(made: Quote, shipments: dict[str, Shipment], *owed: RefundGranted) -> order.PaidOrder:
    of = replace(placed(made), capture=PARCEL)
    return order.PaidOrder(of, "pay_1", shipments, refunds={one.refund_id: one for one in owed})


def taken(made: Quote, shipments: dict[str, Shipment]) -> list[PaymentCaptured | ShipmentGiven]:
    moves: list[PaymentCaptured | ShipmentGiven] = []
    before: list[Shipment] = []
    for key, one in shipments.items():
        due = cost(made, before, one)
        moves.append(PaymentCaptured(due, key) if due.amount else ShipmentGiven(key, due))
        before.append(one)
    return moves


def test_a_sellers_first_parcel_brings_its_shipping() -> None:
    made = quote([line(0, "shp_1", 1000, 2), line(1, "shp_2", 500, 1)])
    first, second = (Shipment("shp_1", {"lin_0": 1}, 1) for _ in range(2))
    other = Shipment("shp_2", {"lin_1": 1}, 1)
    carriage = {piece.shop_id: piece.paid for piece in pieces_of(made) if piece.what == "shipping"}
    assert cost(made, (), first).amount == 1000 + carriage["shp_1"]
    assert cost(made, (first,), second).amount == 1000
    assert cost(made, (first, second), other).amount == 500 + carriage["shp_2"]


def test_units_of_a_line_share_its_odd_cent() -> None:
    made = quote([line(0, "shp_1", 999, 3)], to=CALIFORNIA)
    tax = made.lines[0].tax.amount
    one = Shipment("shp_1", {"lin_0": 1}, 1)
    parts = [parcel.pieces_in(made, [one] * before, one)[0] for before in range(3)]
    assert sum(piece.tax for piece in parts) == tax
    assert sum(piece.paid for piece in parts) == made.lines[0].total.amount
    assert max(piece.paid for piece in parts) - min(piece.paid for piece in parts) <= 1


@settings(max_examples=40, deadline=None)
@given(orders(), st.lists(st.integers(1, 3), min_size=1, max_size=4), st.data())
def test_parcels_come_to_the_order_and_the_ledger_to_its_quote(
    made_and_rate: tuple[Quote, int], sizes: list[int], data: st.DataObject
) -> None:
    made, rate = made_and_rate
    shipments = parcels_of(made, sizes)
    if data.draw(st.booleans()):
        shipments = dict(data.draw(st.permutations(list(shipments.items()))))
    moves = taken(made, shipments)
    assert sum(move.amount.amount for move in moves) == made.totals.grand.amount
    course = Course(sold(made, shipments))
    accounts = balances(*journal(course, *moves, rate=rate))
    assert accounts == captured(made, rate)
    assert course.holding == held(made, made.totals.grand.amount)


@settings(max_examples=40, deadline=None)
@given(orders(), st.lists(st.integers(1, 3), min_size=1, max_size=4), st.integers(0, 8))
def test_what_is_refunded_between_two_parcels_leaves_nothing_behind(
    made_and_rate: tuple[Quote, int], sizes: list[int], when: int
) -> None:
    made, rate = made_and_rate
    shipments = parcels_of(made, sizes)
    moves: list[PaymentCaptured | PaymentRefunded | ShipmentGiven] = list(taken(made, shipments))
    when %= len(moves) + 1
    before = sum(move.amount.amount for move in moves[:when])
    after = made.totals.grand.amount - before
    owed = RefundGranted("rfd_1", Money(before, made.totals.grand.currency), "goodwill", 8)
    if before:
        moves.insert(when, PaymentRefunded(owed.amount, "rfd_1"))
    if after:
        moves.append(PaymentRefunded(Money(after, made.totals.grand.currency)))
    course = Course(sold(made, shipments, owed))
    accounts = balances(*journal(course, *moves, rate=rate))
    assert accounts.get(PROVIDER, 0) == 0
    if before + after:
        assert sum(piece.paid for piece in course.holding.pieces) + course.holding.beyond == 0


@settings(max_examples=50, deadline=None)
@given(orders(), st.lists(st.integers(1, 3), min_size=1, max_size=4), st.integers(0, 100))
def test_a_bank_may_be_heard_of_before_the_parcel_whose_money_it_has(
    made_and_rate: tuple[Quote, int], sizes: list[int], when: int
) -> None:
    """It has given all of it back to the buyer; nobody is owed anything of it, and nothing is left to be explained."""
    made, _ = made_and_rate
    shipments = parcels_of(made, sizes)
    moves = [one for one in taken(made, shipments) if isinstance(one, PaymentCaptured)]
    course = Course(sold(made, shipments))
    lost = DisputeLost("dp_1", Money(sum(one.amount.amount for one in moves), made.totals.grand.currency), 1)
    when %= len(moves) + 1
    for position, event in enumerate([*moves[:when], lost, *moves[when:]], 1):
        course.take_in(recorded(event, position))
    assert (course.holding.paid, course.holding.beyond) == (0, 0)


def test_what_no_parcel_is_known_for_waits_where_it_is_seen() -> None:
    assert with_parcel(NOTHING, (), 5) == Holding((), 5)
    assert Course(None).after(PaymentCaptured(Money(5, "USD"), "shi_1")) == Holding((), 5)


def test_what_is_taken_for_a_parcel_is_its_sellers() -> None:
    made = quote([line(0, "shp_1", 1000, 1), line(1, "shp_2", 500, 1)])
    shipments = parcels_of(made, [1])
    first, _ = taken(made, shipments)
    course = Course(sold(made, shipments))
    course.take_in(recorded(first, 1))
    owners = {piece.shop_id for piece in course.holding.pieces if piece.paid}
    assert (owners, course.holding.beyond) == ({"shp_1"}, 0)


def test_an_order_that_was_called_off_has_no_parcel_to_take_money_for() -> None:
    off = order.CancelledOrder(placed(quote([line(0, "shp_1", 1000, 1)])), "cancelled")
    assert Course(off).after(PaymentCaptured(Money(5, "USD"), "shi_1")) == Holding((), 5)


def test_of_an_order_some_of_which_is_paid_so_much_is_taken() -> None:
    made = quote([line(0, "shp_1", 1000, 2), line(1, "shp_2", 500, 1)])
    shipments = parcels_of(made, [1])
    first, second, third = shipments.values()
    carriage = cost(made, (), first).amount - 1000
    one_paid = {"shi_0": first, "shi_1": replace(second, paid=False), "shi_2": replace(third, paid=False)}
    two_paid = {**one_paid, "shi_1": second}
    for known, units in ((one_paid, 1), (two_paid, 2)):
        amount, counted, shipping = parcel.taken(sold(made, known))
        assert (amount.amount, counted) == (1000 * units + carriage, {"lin_0": units})
        assert {shop_id: money.amount for shop_id, money in shipping.items()} == {"shp_1": carriage}


def test_of_a_parcel_that_is_not_there_nothing_is_known() -> None:
    assert parcel.pieces_of_parcel(quote([line(0, "shp_1", 1000, 2)]), {}, "shi_1") == ()
