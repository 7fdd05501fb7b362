"""Small things that histories are made of: lines, quotes, placed orders."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from domain.buyers.cart import CartLine
from domain.money import Money
from domain.orders.order import OpenOrder, PaidOrder, PlaceOrder
from domain.orders.orderstate import to_send
from domain.pricing.pricing import PricedLine, Quote, Totals

PRICE = Money(1999, "USD")


def cart_line(item_id: str, sku: str, quantity: int = 1, shop_id: str = "shp_a", price: Money = PRICE) -> CartLine:
    return CartLine(item_id, shop_id, sku, f"prd_{sku}", sku.title(), quantity, price)


def quote_of(lines: Sequence[CartLine], *, serviceable: bool = True) -> Quote:
    """Prices without tax and shipping; a saga only looks at the grand total."""
    nothing = Money(0, lines[0].unit_price.currency if lines else "USD")
    priced = tuple(
        PricedLine(
            line_id=line.item_id,
            shop_id=line.shop_id,
            sku=line.sku,
            product_id=line.product_id,
            title=line.title,
            quantity=line.quantity,
            unit_price=line.unit_price,
            tax=nothing,
            total=line.unit_price.multiply(line.quantity),
            discount=nothing,
        )
        for line in lines
    )
    items = Money(sum(line.total.amount for line in priced), nothing.currency)
    return Quote(
        lines=priced,
        totals=Totals(items, nothing, nothing, nothing, items),
        methods=(),
        method="standard",
        derivation=(),
        unserviceable=() if serviceable else tuple(line.line_id for line in priced),
    )


def place_order(order_id: str, quote: Quote, **changes: Any) -> PlaceOrder:
    fields: dict[str, Any] = {
        "order_id": order_id,
        "account_id": "usr_1",
        "cart_id": "crt_1",
        "generation": 0,
        "quote": quote,
        "address": b"sealed",
        "country": "US",
        "region": "CA",
        "payment_token": "pm_card_visa",
        "at": 1_000,
        "hold_until": 601_000,
    }
    return PlaceOrder(**fields | changes)


def first_to_pack(state: OpenOrder | PaidOrder) -> PricedLine:
    """The first line of which units are left to be packed."""
    lines, left = state.placed.quote.lines, to_send(state)
    return next((line for line in lines if left[line.line_id]), lines[0])
