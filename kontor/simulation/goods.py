"""What there is to buy, what pays for it, and what is taken off."""

from __future__ import annotations

from typing import NamedTuple

from domain.buyers.cart import OpenCart
from domain.ids import stock_id
from domain.money import Money
from domain.pricing.discounts import Shopper
from domain.pricing.pricing import Destination, Quote, QuoteLine, price_quote
from domain.pricing.promotion import Amount, Percent, Terms
from kontor.tables import shipping_table, tax_table

SHOPS = ("shp_01HF7YAT0000000000000000A0", "shp_01HF7YAT0000000000000000B0")


class Good(NamedTuple):
    """What one shop of the simulated market sells; ``price`` in minor units."""

    shop_id: str
    sku: str
    price: int
    limit: int | None = None
    backorder: bool = False
    in_cart: bool = False
    """Set aside as soon as it is put into a cart."""

    @property
    def stock_id(self) -> str:
        return stock_id(self.shop_id, self.sku)


GOODS = (
    Good(SHOPS[0], "plain", 1999),
    Good(SHOPS[0], "limited", 501, limit=2),
    Good(SHOPS[1], "scarce", 12_999),
    Good(SHOPS[1], "endless", 333, backorder=True),
    Good(SHOPS[0], "kept", 2_750, in_cart=True),
)
DROPPED = (Good(SHOPS[0], "hyped", 9_900, limit=1), Good(SHOPS[1], "pairs", 4_400, limit=2))
"""Which are had in drops alone, in some seeds."""
LAST_DROPPED = Good(SHOPS[0], "last", 7_000, limit=2)
"""For the drop with which such a seed ends. Nobody buys two, but for who gets through with one admission twice."""
BY_PLACE = {(good.shop_id, good.sku): good for good in GOODS}
CARDS = {"gft_01HF7YAT0000000000000000C0": 1_000_000, "gft_01HF7YAT0000000000000000D0": 4_000}
"""One that pays for whatever there is, and one that is soon empty."""
PROMOTIONS = {
    "prm_01HF7YAT0000000000000000E0": Terms("a few", Percent(100_000), limit=3),
    "prm_01HF7YAT0000000000000000F0": Terms("once each", Amount(Money(100, "USD")), limit_per_account=1),
}
"""One that is soon used up, and one that each account may use once."""


def quote_of(cart: OpenCart, at: int, promotions: tuple[str, ...] = ()) -> Quote:
    lines = [
        QuoteLine(
            line.item_id, line.shop_id, "US", line.sku, line.product_id, line.title, line.quantity, line.unit_price
        )
        for line in cart.lines
    ]
    terms = {promotion_id: PROMOTIONS[promotion_id] for promotion_id in promotions}
    place = Destination("US", "CA", "94105")
    return price_quote(lines, place, "standard", tax_table(), shipping_table(), terms, Shopper(at))
