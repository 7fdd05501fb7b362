"""Lines of a cart, and what they come to."""

from __future__ import annotations

from typing import Any

from domain.money import Money
from domain.pricing.pricing import Destination, Quote, QuoteLine, price_quote
from kontor.tables import shipping_table, tax_table

CALIFORNIA = Destination("US", "CA", "94105")


def line(number: int = 0, amount: int = 1999, quantity: int = 1, **changes: Any) -> QuoteLine:
    fields: dict[str, Any] = {
        "line_id": f"lin_{number}",
        "shop_id": "shp_a",
        "shop_country": "US",
        "sku": f"SKU-{number}",
        "product_id": f"prd_{number}",
        "title": "Toner",
        "quantity": quantity,
        "unit_price": Money(amount, changes.pop("currency", "USD")),
    }
    return QuoteLine(**fields | changes)


def quote(lines: list[QuoteLine], to: Destination = CALIFORNIA, method: str = "standard", **more: Any) -> Quote:
    return price_quote(lines, to, method, tax_table(), shipping_table(), **more)
