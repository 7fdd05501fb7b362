"""What a gift card may pay for, and which way money goes back."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given as examples
from hypothesis import settings
from hypothesis import strategies as st
from msgspec.structs import replace

from domain.money import Money
from domain.orders import order, tender
from domain.orders.aftersale import CancelLines, GrantRefund
from domain.orders.order import ORDER
from domain.orders.refund import RefundGranted
from domain.orders.tender import Covered, payable
from domain.payments.giftcard import GiftCard
from tests.domain.orders.twosellers import FIRST, GRAND, ID, QUOTE, SECOND, placed
from tests.spec import Given, given, usd

CARD = "gft_1"
REST = GrantRefund(ID, "rfd_9", "goodwill", 9)


def paid_with(card: int) -> Given:
    bought = replace(placed(), gift_card=Covered(CARD, usd(card)))
    return given(ORDER, bought, order.OrderConfirmed(), order.OrderPaid("pay_1"))


def ways(granted: RefundGranted) -> tuple[int, int]:
    """To the payment method, and to the card."""
    return granted.to_method.amount, granted.gift_card.amount if granted.gift_card else 0


def granting(known: Given, command: Any) -> tuple[Given, tuple[int, int]]:
    events = ORDER.decide(command, known.state)
    [owed] = [event for event in events if isinstance(event, RefundGranted)]
    return Given(ORDER, (*known.events, *events)), ways(owed)


# paying


def test_a_card_of_the_marketplace_pays_for_everything():
    assert payable(GiftCard(usd(100), 100), QUOTE) == GRAND.amount


def test_a_shops_card_pays_for_its_goods_and_their_parcels():
    shops = [payable(GiftCard(usd(100), 100, shop_id=shop_id), QUOTE) for shop_id in ("shp_a", "shp_b", "shp_c")]
    assert shops[0] > FIRST.total.amount
    assert shops[1] > SECOND.total.amount
    assert shops[2] == 0
    assert sum(shops) == GRAND.amount


def test_the_rest_is_due():
    assert tender.due(QUOTE, None) == GRAND
    assert tender.due(QUOTE, Covered(CARD, usd(100))) == usd(GRAND.amount - 100)
    assert tender.due(QUOTE, Covered(CARD, GRAND)) == usd(0)


@pytest.mark.parametrize("amount", [0, GRAND.amount + 1])
def test_it_pays_something_and_no_more_than_the_price(amount):
    fields = {name: getattr(placed(), name) for name in order.OrderPlaced.__struct_fields__}
    command = order.PlaceOrder(order_id=ID, **fields | {"gift_card": Covered(CARD, usd(amount))})
    with pytest.raises(AssertionError):
        ORDER.decide(command, ORDER.initial)


# giving back


def test_the_payment_method_gets_its_money_back_before_the_card():
    card = 1_000
    method = GRAND.amount - card
    known, first = granting(paid_with(card), GrantRefund(ID, "rfd_1", "late", 1, usd(method - 10)))
    assert first == (method - 10, 0)
    known, second = granting(known, GrantRefund(ID, "rfd_2", "late", 1, usd(50)))
    assert second == (10, 40)
    known, third = granting(known, GrantRefund(ID, "rfd_3", "late", 1))
    assert third == (0, card - 40)


def test_without_a_card_nothing_goes_there():
    _, both = granting(given(ORDER, placed(), order.OrderConfirmed(), order.OrderPaid("pay_1")), REST)
    assert both == (GRAND.amount, 0)


def test_what_is_disputed_is_not_the_payments_to_give_back():
    card = 1_000
    method = GRAND.amount - card
    for gone in ({"lost": usd(method - 10)}, {"contested": usd(method - 10)}):
        known, first = granting(paid_with(card), GrantRefund(ID, "rfd_1", "late", 1, usd(50), **gone))
        assert first == (10, 40)
        known, second = granting(known, GrantRefund(ID, "rfd_2", "late", 1, **gone))
        assert second == (0, card - 40)
    known, first = granting(known, GrantRefund(ID, "rfd_3", "late", 1))
    assert first == (method - 10, 0), "won, the payment has it again"


def test_what_follows_from_lines_is_shared_out_the_same_way():
    known = paid_with(GRAND.amount - 100)
    lines = CancelLines(ID, "can_1", "rfd_1", {FIRST.line_id: 1}, 1)
    known, first = granting(known, lines)
    assert first[0] == 100
    assert first[1] > 0
    _, rest = granting(known, REST)
    assert (first[0] + rest[0], first[1] + rest[1]) == (100, GRAND.amount - 100)


@settings(max_examples=80, deadline=None)
@examples(st.integers(1, GRAND.amount), st.lists(st.integers(1, 3_000), max_size=6))
def test_in_the_end_both_have_back_what_they_had_paid(card: int, parts: list[int]) -> None:
    known, back, to_card = paid_with(card), 0, False
    sums = [0, 0]
    for number, part in enumerate([*parts, GRAND.amount]):
        amount = min(part, GRAND.amount - back)
        if not amount:
            break
        known, both = granting(known, GrantRefund(ID, f"rfd_{number}", "late", 1, usd(amount)))
        assert sum(both) == amount
        assert not (to_card and both[0]), "money after credit"
        to_card = to_card or bool(both[1])
        back += amount
        sums = [before + now for before, now in zip(sums, both, strict=True)]
    assert sums == [GRAND.amount - card, card]
    assert Money(sums[0], "USD") == tender.due(QUOTE, Covered(CARD, usd(card)))


@pytest.mark.parametrize(
    ("card", "before", "disputed", "amount", "expected"),
    [
        (None, 0, 0, 500, None),
        (None, 0, GRAND.amount, 500, None),
        (700, 0, 0, 500, None),
        (700, 0, GRAND.amount - 700 - 500, 500, None),
        (700, 0, GRAND.amount - 700 - 499, 500, 1),
        (700, 0, GRAND.amount, 500, 500),
        (700, GRAND.amount - 700, 0, 500, 500),
        (700, GRAND.amount - 700 - 100, 0, 500, 400),
    ],
)
def test_the_card_gets_what_the_payment_has_not_to_give(card, before, disputed, amount, expected):
    covered = None if card is None else Covered(CARD, usd(card))
    granted = [RefundGranted("rfd_0", usd(before), "goodwill", 1)] if before else []
    assert tender.for_the_card(usd(amount), QUOTE, covered, granted, disputed) == (expected and usd(expected))


def test_nothing_is_disputed_unless_somebody_says_so():
    all_of_it = usd(GRAND.amount - 700)
    assert tender.for_the_card(all_of_it, QUOTE, Covered(CARD, usd(700)), []) is None
