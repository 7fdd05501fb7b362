from __future__ import annotations

from fractions import Fraction
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import Invalid, LimitExceeded
from domain.money import AMOUNT_MAX, Money
from domain.pricing.derivation import Step, recompute
from domain.pricing.pricing import (
    LINES_MAX,
    QUANTITY_MAX,
    Destination,
    Quote,
    undeliverable,
    verify_quote,
)
from domain.pricing.serviceability import Undeliverable
from tests.domain.pricing.promotions import TERMS
from tests.domain.pricing.quotes import CALIFORNIA, line, quote

BERLIN = Destination("DE", None, "10115")
TORONTO = Destination("CA", "ON", "M5V 2T6")
LAS_PALMAS = Destination("ES", None, "35001")


def totals(priced: Quote) -> dict[str, int]:
    return {name: getattr(priced.totals, name).amount for name in priced.totals.__struct_fields__}


def test_sales_tax_is_added_to_the_goods():
    priced = quote([line(amount=1999, quantity=2)])
    # 3998 at 8.25 % is 329.835; a parcel of two is 599 + 100
    assert totals(priced) == {"items": 3998, "discount": 0, "shipping": 699, "tax": 330, "grand": 3998 + 699 + 330}
    assert priced.lines[0].total == Money(3998 + 330, "USD")
    assert not priced.tax_inclusive


def test_vat_is_contained_in_goods_and_shipping():
    priced = quote([line(amount=11900, currency="EUR", shop_country="DE")], BERLIN)
    assert totals(priced) == {"items": 11900, "discount": 0, "shipping": 499, "tax": 1900 + 80, "grand": 12399}
    assert priced.lines[0].tax == Money(1900, "EUR")
    assert priced.lines[0].total == Money(11900, "EUR")
    assert priced.tax_inclusive


def test_canada_taxes_shipping_on_top():
    priced = quote([line(amount=10000, currency="CAD", shop_country="CA")], TORONTO)
    assert totals(priced) == {"items": 10000, "discount": 0, "shipping": 799, "tax": 1300 + 104, "grand": 12203}


def test_the_canary_islands_pay_no_vat():
    priced = quote([line(amount=11900, currency="EUR", shop_country="ES")], LAS_PALMAS)
    assert priced.totals.tax == Money(0, "EUR")
    assert priced.totals.grand == Money(11900 + 499, "EUR")


def test_yen_have_no_cents():
    priced = quote([line(amount=999, currency="JPY", shop_country="JP")], Destination("JP", "Tokyo", "100-0001"))
    assert totals(priced) == {"items": 999, "discount": 0, "shipping": 800, "tax": 91 + 73, "grand": 1799}


def test_each_seller_sends_a_parcel():
    shops = [line(0, shop_id="shp_a"), line(1, shop_id="shp_b", shop_country="CA"), line(2, shop_id="shp_a")]
    priced = quote(shops)
    assert priced.totals.shipping == Money((599 + 100) + 1499, "USD")
    steps = {step.what: step for step in priced.derivation}
    assert steps["shipping/shp_a"].inputs["zone"] == "domestic"
    assert steps["shipping/shp_b"].inputs["zone"] == "regional"


def test_methods_are_offered_with_their_price_and_the_slowest_parcels_days():
    priced = quote([line(0), line(1, shop_id="shp_b", shop_country="DE")], method="express")
    standard, express = priced.methods
    assert (standard.id, standard.amount.amount, standard.days_min, standard.days_max) == (
        "standard",
        599 + 2499,
        8,
        10,
    )
    assert (express.id, express.amount.amount, express.days_min, express.days_max) == ("express", 1499 + 4999, 6, 7)
    assert priced.method == "express"
    assert priced.totals.shipping == express.amount


def test_a_seller_who_does_not_ship_there_is_named():
    shops = [line(0, ships_to=("US",)), line(1), line(2, ships_to=("US", "DE"))]
    assert quote(shops, BERLIN).unserviceable == ("lin_0",)
    assert quote(shops).unserviceable == ()


def test_why_a_line_cannot_go_there_and_that_nobody_may_sell_it_there_counts_first():
    lines = [line(0, ships_to=("US",)), line(1), line(2, ships_to=("US",), forbidden="it may not be sold there: law")]
    assert quote(lines, BERLIN).unserviceable == ("lin_0", "lin_2")
    assert undeliverable(lines, BERLIN) == (
        Undeliverable("lin_0", "not_shipped", "its seller does not ship to DE"),
        Undeliverable("lin_2", "restricted", "it may not be sold there: law"),
    )


@pytest.mark.parametrize(
    ("lines", "arguments", "pointer"),
    [
        ([], {}, "/cartId"),
        ([line(n) for n in range(LINES_MAX + 1)], {}, "/cartId"),
        ([line(0), line(1, currency="EUR")], {}, "/cartId"),
        ([line(quantity=0)], {}, "/cartId"),
        ([line(amount=-1)], {}, "/cartId"),
        ([line()], {"to": Destination("XX")}, "/address/country"),
        ([line()], {"method": "pigeon"}, "/shippingMethod"),
    ],
)
def test_what_cannot_be_priced_is_refused(lines, arguments, pointer):
    with pytest.raises(Invalid) as refused:
        quote(lines, **arguments)
    assert refused.value.pointer == pointer


def test_a_quote_has_an_end():
    with pytest.raises(LimitExceeded):
        quote([line(amount=AMOUNT_MAX, quantity=2)])


lines = st.lists(
    st.builds(
        lambda amount, quantity, shop, country: (amount, quantity, f"shp_{shop}", country),
        st.integers(0, 10_000_000),
        st.integers(1, 50),
        st.integers(0, 3),
        st.sampled_from(["US", "CA", "DE", "FR", "JP"]),
    ),
    min_size=1,
    max_size=20,
)
destinations = st.sampled_from(
    [CALIFORNIA, BERLIN, TORONTO, LAS_PALMAS, Destination("US", "OR"), Destination("AQ"), Destination("CA", "QC")]
)
quotes = st.builds(
    lambda rows, to, method, currency, promotions: quote(
        [line(i, a, q, shop_id=s, shop_country=c, currency=currency) for i, (a, q, s, c) in enumerate(rows)],
        to,
        method,
        promotions={f"prm_{i}": terms for i, terms in enumerate(promotions)},
    ),
    lines,
    destinations,
    st.sampled_from(["standard", "express"]),
    st.sampled_from(["USD", "EUR", "GBP", "JPY", "SEK", "KWD"]),
    st.lists(TERMS, max_size=6),
)


@given(quotes)
def test_totals_add_up(priced: Quote):
    t = totals(priced)
    shipping_tax = t["tax"] - sum(each.tax.amount for each in priced.lines)
    carriage = t["shipping"] - (t["discount"] - sum(each.discount.amount for each in priced.lines))
    assert shipping_tax >= 0
    assert 0 <= carriage <= t["shipping"]
    assert t["items"] == sum(each.unit_price.amount * each.quantity for each in priced.lines)
    assert t["discount"] == sum(applied.amount.amount for applied in priced.promotions)
    assert t["grand"] == t["items"] - t["discount"] + t["shipping"] + (0 if priced.tax_inclusive else t["tax"])
    assert t["grand"] == (
        sum(each.total.amount for each in priced.lines) + carriage + (0 if priced.tax_inclusive else shipping_tax)
    )
    assert t["shipping"] == next(option.amount.amount for option in priced.methods if option.id == priced.method)


@given(quotes)
def test_the_derivation_gives_every_amount_again(priced: Quote):
    assert verify_quote(priced) == ()
    again = recompute(priced.derivation)
    assert {f"totals/{name}": amount for name, amount in totals(priced).items() if f"totals/{name}" in again} == {
        what: amount.amount for what, amount in again.items() if what.startswith("totals/")
    }


@given(quotes)
def test_taxes_are_within_half_a_unit_of_exact(priced: Quote):
    rate = tax_rate(priced)
    for each in priced.lines:
        base = each.unit_price.amount * each.quantity - each.discount.amount
        assert base >= 0
        exact = Fraction(base * rate, 1_000_000 + rate if priced.tax_inclusive else 1_000_000)
        assert abs(each.tax.amount - exact) <= Fraction(1, 2)


def tax_rate(priced: Quote) -> int:
    value = next(step for step in priced.derivation if step.what == "lines/0/tax").inputs["ratePpm"]
    assert isinstance(value, int)
    return value


@given(quotes)
def test_a_quote_can_be_stored_and_sent(priced: Quote):
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(priced), type=Quote) == priced
    sent = msgspec.json.encode(priced)
    assert msgspec.json.decode(sent, type=Quote) == priced
    assert floats(msgspec.json.decode(sent)) == []


def floats(value: Any) -> list[float]:
    if isinstance(value, dict):
        return [found for each in value.values() for found in floats(each)]
    if isinstance(value, list):
        return [found for each in value for found in floats(each)]
    return [value] if isinstance(value, float) else []


def test_json_is_in_camel_case():
    sent = msgspec.to_builtins(quote([line()]))
    assert {"lineId", "shopId", "productId", "unitPrice"} < set(sent["lines"][0])
    assert {"daysMin", "daysMax"} < set(sent["methods"][0])
    assert "taxInclusive" in sent


def test_a_tampered_total_is_found():
    priced = quote([line()])
    cheaper = msgspec.structs.replace(priced.totals, grand=Money(1, "USD"))
    [finding] = verify_quote(msgspec.structs.replace(priced, totals=cheaper))
    assert finding == "totals/grand is stated as 0.01 USD and derived as 27.63 USD"


def test_a_tampered_step_is_found():
    priced = quote([line()])
    wrong = tuple(
        msgspec.structs.replace(step, inputs=step.inputs | {"ratePpm": 0}) if step.what == "lines/0/tax" else step
        for step in priced.derivation
    )
    found = " ".join(verify_quote(msgspec.structs.replace(priced, derivation=wrong)))
    assert all(what in found for what in ("lines/0/tax", "lines/0/total", "totals/tax", "totals/grand"))


@pytest.mark.parametrize(
    "step",
    [
        Step("totals/grand", "magic", {}, Money(1, "USD")),
        Step("totals/grand", "sum", {"of": ("totals/unheard",)}, Money(1, "USD")),
        Step("totals/grand", "sum", {}, Money(1, "USD")),
        Step("totals/grand", "times", {"unit": "many", "quantity": 1}, Money(1, "USD")),
    ],
)
def test_a_broken_derivation_is_refused(step):
    with pytest.raises(Invalid, match="totals/grand"):
        recompute([step])


@pytest.mark.parametrize(
    "many",
    [
        [line(n) for n in range(LINES_MAX)],
        [line(quantity=1)],
        [line(amount=1, quantity=QUANTITY_MAX)],
        [line(amount=0)],
    ],
    ids=["lines", "one", "units", "nothing"],
)
def test_what_can_still_be_priced(many):
    assert len(quote(many).lines) == len(many)


def test_there_are_so_many_units_of_a_line_and_no_more():
    with pytest.raises(Invalid) as refused:
        quote([line(amount=1, quantity=QUANTITY_MAX + 1)])
    assert refused.value.pointer == "/cartId"
