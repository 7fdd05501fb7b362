"""The checkout beyond goods and money: what leaves the house, and what promotions it used up."""

from __future__ import annotations

from msgspec.structs import replace

from domain.checkout import saga
from domain.inventory import inventory
from domain.money import Money
from domain.orders import order, shipment
from domain.pricing.discounts import AppliedPromotion
from domain.pricing.promotion import uses_of
from tests.domain.checkout.story import (
    CAPTURED,
    INK,
    NOW,
    ORDER,
    PAID,
    PENS,
    PLACED,
    RESERVED,
    TAKING,
    Story,
    placed,
)

SHIPPED = (ORDER, shipment.ShipmentShipped("shi_1", "UPS", "1Z", {"lin_PEN": 2, "lin_INK": 1}, NOW))
PAID_UP = (*TAKING, CAPTURED, PAID)


def test_what_has_left_the_house_leaves_the_books_of_its_stock():
    left = Story(PLACED, (*PAID_UP, SHIPPED))
    left.asks_for(inventory.ShipStock(PENS, "shi_1", 2), inventory.ShipStock(INK, "shi_1", 1))
    assert not saga.is_settled(left.state)
    pens_gone = Story(PLACED, (*left.events, (PENS, inventory.StockShipped("shi_1", 2))))
    pens_gone.asks_for(inventory.ShipStock(INK, "shi_1", 1))
    all_gone = Story(PLACED, (*pens_gone.events, (INK, inventory.StockShipped("shi_1", 1))))
    all_gone.asks_for_nothing()
    assert saga.is_settled(all_gone.state)


def test_a_use_of_a_promotion_that_is_gone_is_a_limit_and_not_a_lack_of_goods():
    used = AppliedPromotion("prm_1", "Sale", Money(1, "USD"), "SALE", counted=True)
    quote = replace(PLACED.quote, promotions=(used,))
    uses = uses_of("prm_1")
    story = Story(placed(quote=quote), (*RESERVED, (uses, inventory.StockRefused(ORDER, 1, 0, "out_of_stock"))))
    story.asks_for(order.CancelOrder(ORDER, "limit_exceeded"))
