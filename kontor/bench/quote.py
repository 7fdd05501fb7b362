"""``quote``: a cart of 20 lines while 50 promotions run; limit, the same cart without any."""

from __future__ import annotations

import time
from typing import Any

from domain.money import PPM, Money
from domain.pricing.discounts import Promotions
from domain.pricing.pricing import Destination, Quote, QuoteLine, price_quote
from domain.pricing.promotion import Amount, BuyGet, FreeShipping, Percent, Scope, Terms
from kontor.bench.report import median, report
from kontor.tables import shipping_table, tax_table

LINES = 20
PROMOTIONS = 50
ROUNDS = 500
CATEGORIES = tuple(("Home", name) for name in ("Beds", "Lamps", "Rugs", "Desks", "Chairs"))
TO = Destination("US", "CA", "94105")


async def run() -> dict[str, Any]:
    plain, quoted = [], []
    for _ in range(ROUNDS):
        plain.append(_timed({})[0])
        seconds, quote = _timed(RUNNING)
        quoted.append(seconds)
    return report(
        "quote",
        ms=round(median(quoted) * 1000, 3),
        p99_ms=round(sorted(quoted)[-ROUNDS // 100] * 1000, 3),
        target_ms=2.0,
        without_promotions_ms=round(median(plain) * 1000, 3),
        lines=LINES,
        promotions=PROMOTIONS,
        applied=len(quote.promotions),
        steps=len(quote.derivation),
    )


def _timed(promotions: Promotions) -> tuple[float, Quote]:
    began = time.perf_counter()
    quote = price_quote(CART, TO, "standard", TAX, SHIPPING, promotions)
    return time.perf_counter() - began, quote


def _line(number: int) -> QuoteLine:
    price = Money(1_000 + 37 * number, "USD")
    return QuoteLine(
        line_id=f"lin_{number}",
        shop_id=f"shp_{number % 3}",
        shop_country="US",
        sku=f"SKU-{number}",
        product_id=f"prd_{number}",
        title="A thing",
        quantity=1 + number % 3,
        unit_price=price,
        category=CATEGORIES[number % len(CATEGORIES)],
    )


def _terms(number: int) -> Terms:
    """Of every kind, for shops, categories and everything, some with conditions and every fifth exclusive."""
    benefits = (Percent(PPM // 10), Amount(Money(500, "USD")), BuyGet(2, 1), FreeShipping())
    shop_id = f"shp_{number % 3}" if number % 2 else ""
    categories = (CATEGORIES[number % len(CATEGORIES)],) if number % 3 else ()
    return Terms(
        name=f"Promotion {number}",
        benefit=benefits[number % len(benefits)],
        scope=Scope(shop_id, categories),
        min_spend=Money(100 * number, "USD"),
        priority=number % 7,
        exclusive=number % 5 == 0,
    )


CART = [_line(number) for number in range(LINES)]
RUNNING = {f"prm_{number:03}": _terms(number) for number in range(PROMOTIONS)}
TAX, SHIPPING = tax_table(), shipping_table()
