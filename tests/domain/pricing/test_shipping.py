from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import Invalid
from domain.money import CURRENCIES
from domain.pricing.shipping import DEFAULT_METHOD, ZONES, ShippingRate, ShippingTable, serves
from kontor.tables import shipping_table

TABLE = shipping_table()

SMALL: dict[str, Any] = {
    "methods": [{"id": "standard", "name": "Standard", "days_min": 3, "days_max": 5}],
    "extraDays": {},
    "rates": {"USD": {"standard": {zone: {"base": 500, "perItem": 100} for zone in ZONES}}},
    "shares": {"standard": dict.fromkeys(ZONES, 50_000)},
    "regions": {"US": "Northern America"},
}


@pytest.mark.parametrize(
    ("shop", "buyer", "zone"),
    [
        ("US", "US", "domestic"),
        ("US", "CA", "regional"),
        ("DE", "FR", "regional"),
        ("DE", "GR", "regional"),
        ("DE", "GB", "international"),
        ("US", "DE", "international"),
        ("US", "XX", "international"),
        ("XX", "YY", "international"),
    ],
)
def test_zones(shop, buyer, zone):
    assert TABLE.zone(shop, buyer) == zone


def test_the_base_covers_the_first_item():
    rate = TABLE.rate("USD", "standard", "domestic")
    assert rate == ShippingRate(599, 100)
    assert [rate.amount(items) for items in (1, 2, 5)] == [599, 699, 999]


def test_a_currency_without_rates_is_charged_a_share_of_the_goods():
    assert TABLE.rate("SEK", "standard", "domestic") is None
    assert TABLE.amount("SEK", "standard", "domestic", items=3, goods=100_010) == 5001  # 5 %, 5000.5 rounded
    assert TABLE.amount("SEK", "express", "international", items=1, goods=0) == 0


@given(
    st.sampled_from(sorted(CURRENCIES)),
    st.sampled_from(ZONES),
    st.integers(1, 1000),
    st.integers(0, 10**9),
)
def test_express_is_dearer_and_distance_is_never_cheaper(currency, zone, items, goods):
    standard, express = (TABLE.amount(currency, method, zone, items, goods) for method in ("standard", "express"))
    assert 0 <= standard <= express
    by_zone = [TABLE.amount(currency, "standard", each, items, goods) for each in ZONES]
    assert by_zone == sorted(by_zone)


def test_methods():
    assert [method.id for method in TABLE.methods] == ["standard", "express"]
    assert TABLE.method(DEFAULT_METHOD).name == "Standard"
    with pytest.raises(Invalid) as refused:
        TABLE.method("pigeon")
    assert refused.value.pointer == "/shippingMethod"


def test_who_ships_where():
    assert serves(("US", "CA"), "CA")
    assert not serves(("US", "CA"), "DE")
    assert serves(("*",), "DE")
    assert not serves((), "DE")


def test_a_method_needs_every_zone():
    assert ShippingTable.from_dict(SMALL).zone("US", "US") == "domestic"
    broken = copy.deepcopy(SMALL)
    del broken["rates"]["USD"]["standard"]["regional"]
    with pytest.raises(Invalid, match="lacks zones of standard"):
        ShippingTable.from_dict(broken)


def test_a_tariff_in_fractions_of_cents_is_refused():
    broken = copy.deepcopy(SMALL)
    broken["rates"]["USD"]["standard"]["regional"]["base"] = 5.99
    with pytest.raises(Invalid, match="malformed"):
        ShippingTable.from_dict(broken)


def test_every_country_has_a_region():
    assert len(TABLE.regions) == 249
    assert all(TABLE.regions.values())
