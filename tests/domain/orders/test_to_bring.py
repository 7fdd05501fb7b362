"""Whose goods are still to be brought to the buyer."""

from __future__ import annotations

from msgspec.structs import replace

from domain.orders.order import OrderPlaced
from domain.orders.orderstate import CancelledOrder, OpenOrder, PaidOrder, is_to_bring, ordered
from domain.orders.shipment import Shipment
from tests.domain.corpus.examples import TODAY

PLACED = replace(next(event for event in TODAY if isinstance(event, OrderPlaced)), capture="")
SHOP = PLACED.quote.lines[0].shop_id
PAID = PaidOrder(PLACED, "pay_1")


def shipped(status: str) -> PaidOrder:
    return replace(PAID, shipments={"shi_1": Shipment(SHOP, ordered(PAID, SHOP), 5, status=status)})


def test_nothing_before_it_is_paid_and_nothing_once_it_is_called_off():
    assert not is_to_bring(OpenOrder(PLACED, confirmed=True), SHOP)
    assert is_to_bring(OpenOrder(replace(PLACED, capture="shipment"), confirmed=True), SHOP)
    assert not is_to_bring(CancelledOrder(PLACED, "cancelled", was_paid=True), SHOP)


def test_until_all_of_it_is_delivered():
    assert is_to_bring(PAID, SHOP)
    assert not is_to_bring(PAID, "shp_another")
    assert is_to_bring(shipped("packed"), SHOP)
    assert is_to_bring(shipped("shipped"), SHOP)
    assert not is_to_bring(shipped("delivered"), SHOP)


def test_what_was_given_back_is_not_sent_any_more_but_what_is_under_way_arrives():
    assert not is_to_bring(replace(PAID, refunded=True), SHOP)
    assert is_to_bring(replace(shipped("shipped"), refunded=True), SHOP)
