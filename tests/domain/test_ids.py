"""Names of things and events, and what the chain of a stream is made of."""

from __future__ import annotations

import hashlib

import pytest

from domain.errors import Invalid
from domain.ids import delivery_id, payment_id, rest_id, stock_id, ulid
from domain.money import Money
from domain.orders import order
from domain.pricing.derivation import Step, recompute
from domain.recorded import chain_hash
from domain.stored.codec import stored_name
from domain.stored.upcasters import upcast


def test_what_belongs_together_has_one_number():
    assert (payment_id("ord_01JD"), rest_id("ord_01JD")) == ("pay_01JD", "rfd_01JD")
    assert delivery_id("sub_01JD") == "dlv_01JD"
    assert stock_id("shp_a", "PEN") == "stk_shp_a.PEN"


def test_ids_sort_by_time_and_hold_all_of_it():
    nothing, all_of_it = bytes(10), b"\xff" * 10
    assert ulid(0, nothing) == "0" * 26
    assert ulid(0, nothing[:-1] + b"\x01") == "0" * 25 + "1"
    assert ulid(1, nothing) == "0" * 9 + "1" + "0" * 16
    assert ulid((1 << 48) - 1, all_of_it) == "7" + "Z" * 25
    assert ulid(5, all_of_it) < ulid(6, nothing)


def test_a_stored_name_is_without_its_version():
    assert stored_name(order.OrderConfirmed()) == "order.confirmed"


def test_the_chain_is_over_all_that_is_stored():
    expected = hashlib.sha256(b"ord_1\n2\norder.paid@1\n4\nmetadata").digest()
    assert chain_hash("ord_1", 2, "order.paid@1", b"meta", b"data") == expected


def test_a_rule_that_nobody_knows_is_named():
    with pytest.raises(Invalid) as refusal:
        recompute([Step("totals/grand", "magic", {}, Money(1, "USD"))])
    assert refusal.value.detail == "totals/grand was derived by an unknown rule 'magic'"


def test_what_was_wished_before_that_was_asked_is_not_sold_out():
    assert upcast("wishlist.item_wished", 1, 2, {"sku": "PEN-1"}) == {"sku": "PEN-1", "sold_out": False}


def test_no_step_between_two_versions_is_left_out():
    lifted = upcast("order.placed", 3, 5, {"at": 7})
    later = {"capture": "", "capture_at": 0, "review": [], "review_within": 0, "gift_card": None}
    assert lifted == {"at": 7, **later}
    assert upcast("order.placed", 5, 5, {"at": 7}) == {"at": 7}
