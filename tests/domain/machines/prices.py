"""What orders of the machines cost: what their goods do, or with tax, shipping and promotions as quotes have it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Protocol

from domain.buyers.cart import CartLine
from domain.money import PPM, Money
from domain.pricing.discounts import Promotions
from domain.pricing.pricing import Destination, Quote, QuoteLine, price_quote
from domain.pricing.promotion import Amount, BuyGet, FreeShipping, Percent, Scope, Terms
from domain.pricing.shipping import EVERYWHERE
from kontor.tables import shipping_table, tax_table
from tests.domain.machines.goods import quote_of


class Pricing(Protocol):
    def __call__(self, lines: Sequence[CartLine], *, serviceable: bool = True) -> Quote: ...


TAX, SHIPPING = tax_table(), shipping_table()
CALIFORNIA, BERLIN = Destination("US", "CA", "94105"), Destination("DE", None, "10115")
CARRIED = Terms("Carried", FreeShipping())
ODD: Promotions = {
    "prm_1": Terms("A third", Percent(333_333), Scope(skus=("limited",))),
    "prm_2": Terms("Two for one", BuyGet(1, 1), Scope(skus=("endless",))),
    "prm_3": Terms("Off", Amount(Money(77, "USD"))),
}
SOME_FREE: Promotions = {"prm_1": Terms("A gift", Percent(PPM), Scope("shp_a", skus=("plain",))), "prm_2": CARRIED}
GIVEN: Promotions = {"prm_1": Terms("A gift of the market's", Percent(PPM), Scope(skus=("plain",)))}
ALL_FREE: Promotions = {"prm_1": Terms("All of it", Percent(PPM)), "prm_2": CARRIED}


def _priced(to: Destination, promotions: Promotions, lines: Sequence[CartLine], *, serviceable: bool = True) -> Quote:
    ships_to = (EVERYWHERE,) if serviceable else ("XX",)
    goods = [
        QuoteLine(
            *(line.item_id, line.shop_id, "US", line.sku, line.product_id, line.title),
            line.quantity,
            line.unit_price,
            ships_to,
        )
        for line in lines
    ]
    return price_quote(goods, to, "standard", TAX, SHIPPING, promotions)


PRICES: tuple[Pricing, ...] = (
    quote_of,
    partial(_priced, CALIFORNIA, {}),
    partial(_priced, BERLIN, ODD),
    partial(_priced, CALIFORNIA, SOME_FREE),
    partial(_priced, CALIFORNIA, GIVEN),
    partial(_priced, CALIFORNIA, {**GIVEN, "prm_2": CARRIED}),
    partial(_priced, CALIFORNIA, ALL_FREE),
)
