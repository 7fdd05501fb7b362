"""From a cart to a quote, and from a quote to an order: everything the write side knows, checked anew."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from domain.cart import CartLine, OpenCart, order_id_of
from domain.errors import Invalid, OutOfStock
from domain.ids import stock_id
from domain.inventory import HOLD_MS, InventoryItem
from domain.offer import LiveOffer
from domain.order import PlaceOrder
from domain.pricing import Destination, Quote, QuoteLine, price_quote
from domain.shop import require_open
from writeapi.basket import goods_at, still_offered
from writeapi.services import WriteServices


class Delivery(NamedTuple):
    """Where to, and paid with what. ``address`` is sealed."""

    destination: Destination
    address: bytes
    payment_token: str


class Item(NamedTuple):
    line: CartLine
    offer: LiveOffer
    stock: InventoryItem
    shop_country: str

    @property
    def stock_id(self) -> str:
        return stock_id(self.line.shop_id, self.line.sku)


async def items_of(services: WriteServices, cart: OpenCart) -> list[Item]:
    """The cart's lines with their offers as they are now. Raises OutOfStock for one that was withdrawn."""
    if not cart.lines:
        raise Invalid("the cart is empty", "/cartId")
    items = []
    for line in cart.lines:
        goods = await goods_at(services, line.shop_id, line.sku)
        shop = require_open(await services.engine.state(line.shop_id))
        items.append(Item(line, still_offered(goods, line), goods.stock, shop.country))
    return items


def quote_items(
    services: WriteServices, items: Collection[Item], destination: Destination, shipping_method: str
) -> Quote:
    """At today's prices. Raises Invalid for an unknown shipping method or country."""
    lines = [
        QuoteLine(
            line_id=item.line.item_id,
            shop_id=item.line.shop_id,
            shop_country=item.shop_country,
            sku=item.line.sku,
            product_id=item.line.product_id,
            title=item.line.title,
            quantity=item.line.quantity,
            unit_price=item.offer.terms.price,
            ships_to=item.offer.terms.ships_to,
        )
        for item in items
    ]
    return price_quote(lines, destination, shipping_method, services.tax, services.shipping)


def destination_of(country: str, region: str | None, postal_code: str | None) -> Destination:
    return Destination(country, region or None, postal_code or None)


def require_goods(cart_id: str, items: Collection[Item], now: int) -> None:
    """A quick, honest answer before anything is written. Units the cart holds itself count as there."""
    for item in items:
        own = item.stock.holds.get(cart_id)
        available = item.stock.available(now) + (own.quantity if own is not None and own.expires_at > now else 0)
        if not item.offer.terms.backorder and available < item.line.quantity:
            raise OutOfStock(item.line.sku, item.line.quantity, max(available, 0))


def place_order(
    account_id: str, cart_id: str, cart: OpenCart, items: Collection[Item], quote: Quote, delivery: Delivery, now: int
) -> PlaceOrder:
    terms = {item.stock_id: item.offer.terms for item in items}
    return PlaceOrder(
        order_id=order_id_of(cart_id, cart),
        account_id=account_id,
        cart_id=cart_id,
        generation=cart.generation,
        quote=quote,
        address=delivery.address,
        country=delivery.destination.country,
        region=delivery.destination.region or "",
        payment_token=delivery.payment_token,
        at=now,
        hold_until=now + HOLD_MS,
        limits={key: term.limit_per_account for key, term in terms.items() if term.limit_per_account is not None},
        backorder=tuple(key for key, term in terms.items() if term.backorder),
        cart_holds=tuple(item.stock_id for item in items if cart_id in item.stock.holds),
    )
