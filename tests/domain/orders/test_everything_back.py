"""Whatever is called off, returned and refunded, in whatever order: what goes back in the end is what was paid, to the
cent, on each of its ways, and of nothing more at any step."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.books.ledger import DISCOUNTS, FEES, GIFT_CARDS, PROVIDER, SUSPENSE, TAX, seller
from domain.orders.order import CancelledOrder, PaidOrder
from domain.orders.orderstate import ordered
from domain.pricing.pricing import Quote
from domain.pricing.promotion import FreeShipping, Scope, Terms
from tests.domain.books.quotes import CALIFORNIA, SHOPS, line, orders, quote
from tests.domain.orders.comingback import Sale
from tests.domain.pricing.promotions import percent_off

lines = st.integers(0, 4)
some = st.one_of(st.none(), st.integers(1, 3))
STEPS = st.one_of(
    st.tuples(st.just("calls_off"), lines, some),
    st.tuples(st.just("sends"), lines, st.integers(1, 5)),
    st.tuples(st.just("sends"), lines, st.integers(1, 5)),
    st.tuples(st.just("sends_back"), lines, some, st.booleans()),
    st.tuples(st.just("refunds_lines"), lines, some, st.booleans()),
    st.tuples(st.just("refunds"), st.integers(1, 4_000)),
)


@st.composite
def with_gifts(draw: Any) -> tuple[Quote, int]:
    """Some of it the marketplace pays for entirely, perhaps with what carrying it costs."""
    goods = st.tuples(st.sampled_from(SHOPS), st.integers(1, 3_000), st.integers(1, 4))
    wanted = [line(i, *one) for i, one in enumerate(draw(st.lists(goods, min_size=2, max_size=4)))]
    gift = percent_off(100, scope=Scope(skus=("SKU-0", "SKU-2")))
    carried = [Terms("Carried", FreeShipping())] if draw(st.booleans()) else []
    return quote(wanted, gift, *carried, to=CALIFORNIA), draw(st.sampled_from([0, 123_456]))


def happens(sale: Sale, step: tuple[Any, ...]) -> None:
    if not isinstance(sale.state, CancelledOrder):
        what, *named = step
        if what == "refunds":
            sale.refunds(*named)
            return
        number, units, *more = named
        line_id = sale.quote.lines[number % len(sale.quote.lines)].line_id
        if what == "refunds_lines":
            sale.refunds_lines({line_id: units} if units != 3 else {}, *more)
        else:
            getattr(sale, what)(line_id, units, *more)


def is_all_back(sale: Sale, rate: int) -> None:
    assert sale.back == +sale.taken, "each way has back what came by it"
    accounts = sale.balances(rate)
    assert {name: accounts[name] for name in (PROVIDER, GIFT_CARDS, TAX, FEES, SUSPENSE)} == dict.fromkeys(
        (PROVIDER, GIFT_CARDS, TAX, FEES, SUSPENSE), 0
    )
    carried = sale.carried_for_nothing()
    for shop_id in SHOPS:
        # An amount of somebody's choice takes its part of that as well.
        least = 0 if sale.by_amount else carried[shop_id]
        assert least <= -accounts[seller(shop_id)] <= carried[shop_id], (shop_id, accounts, carried)
    assert accounts[DISCOUNTS] == -sum(accounts[seller(shop_id)] for shop_id in SHOPS)


def taxes_are_back(sale: Sale) -> None:
    """Where nobody chose an amount, of each line to the cent."""
    if sale.by_amount or not isinstance(sale.state, PaidOrder) or sale.by_parcel:
        return
    for one in sale.quote.lines:
        shares = [share for granted in sale.state.refunds.values() for share in granted.lines]
        back = [(share.amount.amount, share.tax.amount) for share in shares if share.line_id == one.line_id]
        if one.total.amount:
            assert (sum(of[0] for of in back), sum(of[1] for of in back)) == (one.total.amount, one.tax.amount)


def test_a_unit_that_is_paid_back_by_hand_and_then_returned_is_paid_back_once_where_parcels_are_paid() -> None:
    """Of two, of which one was sent and the other was called off: what that would have cost was never taken."""
    sale = Sale(quote([line(0, "shp_1", 1_000, 2)]), by_parcel=True)
    sale.sends("lin_0", 1)
    sale.refunds_lines({"lin_0": 1}, shipping=False)
    assert sale.back[PROVIDER] == 1_000
    assert sale.calls_off("lin_0", None)
    assert sale.sends_back("lin_0", 1, shipping=False)
    assert sale.back[PROVIDER] == 1_000


@pytest.mark.parametrize("by_parcel", [False, True], ids=["at once", "by parcel"])
@settings(max_examples=150, deadline=None)
@given(made=st.one_of(orders(), with_gifts()), percent=st.integers(0, 100), steps=st.lists(STEPS, max_size=12))
def test_everything_comes_back_on_the_ways_that_it_came(
    by_parcel: bool, made: tuple[Quote, int], percent: int, steps: list[tuple[Any, ...]]
) -> None:
    bought, rate = made
    card = 0 if by_parcel else bought.totals.grand.amount * percent // 100
    sale = Sale(bought, card, by_parcel)
    for step in steps:
        happens(sale, step)
    sale.balances(rate)
    sale.everything_comes_back()
    is_all_back(sale, rate)
    taxes_are_back(sale)
    if isinstance(sale.state, PaidOrder) and not sale.state.shipments:
        assert not any(ordered(sale.state).values())
