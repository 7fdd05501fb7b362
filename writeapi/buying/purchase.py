"""From a cart to a quote, and from a quote to an order: everything the write side knows, checked anew."""

from __future__ import annotations

from collections.abc import Collection
from functools import lru_cache
from typing import NamedTuple

from domain.buyers.cart import CartLine, OpenCart, order_id_of
from domain.errors import Invalid, OutOfStock
from domain.ids import stock_id
from domain.inventory.inventory import HOLD_MS, InventoryItem
from domain.orders.order import PlaceOrder
from domain.orders.policy import OrderPolicy
from domain.orders.tender import Covered
from domain.pricing.pricing import Destination, Quote, QuoteLine, price_quote, undeliverable
from domain.pricing.promotion import Terms, uses_of
from domain.pricing.serviceability import Undeliverable, Wares, forbidden, place_of
from domain.pricing.shipping import ShippingTable
from domain.pricing.tax import TaxTable
from domain.sellers.offer import Asked, LiveOffer, price_at
from domain.sellers.shop import require_open
from readapi.services import Counted
from writeapi.buying.basket import goods_at, still_offered
from writeapi.buying.promotions import not_used, running, shopper_of
from writeapi.services import Quoting

QUOTES_MAX = 512
"""Some kilobytes each."""


class Delivery(NamedTuple):
    """Where to, and paid with what. ``address`` is sealed."""

    destination: Destination
    address: bytes
    payment_token: str
    covered: Covered | None
    """By a gift card."""


class Item(NamedTuple):
    """A line of the cart that is being bought, with the aggregates that it depends on as they were read for it."""

    line: CartLine
    offer: LiveOffer
    stock: InventoryItem
    shop_country: str
    product: Wares

    @property
    def stock_id(self) -> str:
        return stock_id(self.line.shop_id, self.line.sku)


async def items_of(services: Quoting, cart: OpenCart) -> list[Item]:
    """The cart's lines with their offers as they are now. Raises OutOfStock for one that was withdrawn."""
    if not cart.lines:
        raise Invalid("the cart is empty", "/cartId")
    items = []
    for line in cart.lines:
        goods = await goods_at(services, line.shop_id, line.sku)
        shop = require_open(await services.engine.state(line.shop_id))
        product = await services.engine.state(line.product_id)
        offer = still_offered(goods, line, product)
        sold = Wares(line.product_id, product.category, product.brand)
        items.append(Item(line, offer, goods.stock, shop.country, sold))
    return items


class Quoted(NamedTuple):
    quote: Quote
    terms: dict[str, Terms]
    """Of the promotions it uses, by id."""
    refused: list[dict[str, str]]
    """Coupons of the cart that it does not use, each with a code and a reason."""
    undeliverable: tuple[Undeliverable, ...]


async def quote_cart(
    services: Quoting,
    cart: OpenCart,
    items: Collection[Item],
    destination: Destination,
    shipping_method: str,
    account_id: str,
    now: int,
) -> Quoted:
    """At today's prices, promotions and restrictions. Raises Invalid for an unknown shipping method or country."""
    shops = [item.line.shop_id for item in items]
    known = await running(services, shops, cart.coupons, account_id, now)
    shopper = await shopper_of(services, account_id, cart.coupons, now)
    restrictions = await services.restrictions.now()
    place = place_of(destination.country, destination.region, services.tax)
    lines = tuple(
        [
            _quote_line(
                item,
                price_at(item.offer.terms, now, shopper.groups),
                forbidden(item.product, place, restrictions) if restrictions else "",
            )
            for item in items
        ]
    )
    asked = (lines, destination, shipping_method, services.tax, services.shipping)
    quote = price_quote(*asked, known.terms, shopper) if known.terms else _usual_quote(*asked)
    terms = {used.promotion_id: known.terms[used.promotion_id] for used in quote.promotions}
    refused = not_used(cart.coupons, known, (used.code for used in quote.promotions))
    return Quoted(quote, terms, refused, undeliverable(lines, destination))


@lru_cache(maxsize=QUOTES_MAX)
def _usual_quote(
    lines: tuple[QuoteLine, ...],
    destination: Destination,
    shipping_method: str,
    tax: TaxTable,
    shipping: ShippingTable,
) -> Quote:
    """Without promotions. Everybody asks twice, to see it and to order by it; whatever it is made of is a parameter."""
    return price_quote(lines, destination, shipping_method, tax, shipping)


def quotes_remembered() -> Counted:
    """Those without promotions, of all services in this process."""
    return _usual_quote.cache_info()


def _quote_line(item: Item, asked: Asked, why_not: str) -> QuoteLine:
    return QuoteLine(
        line_id=item.line.item_id,
        shop_id=item.line.shop_id,
        shop_country=item.shop_country,
        sku=item.line.sku,
        product_id=item.line.product_id,
        title=item.line.title,
        quantity=item.line.quantity,
        unit_price=asked.price,
        ships_to=item.offer.terms.ships_to,
        category=item.product.category,
        price_of=asked.why,
        forbidden=why_not,
    )


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
    account_id: str,
    cart_id: str,
    cart: OpenCart,
    items: Collection[Item],
    quoted: Quoted,
    delivery: Delivery,
    policy: OrderPolicy,
    now: int,
) -> PlaceOrder:
    terms = {item.stock_id: item.offer.terms for item in items}
    uses = {uses_of(promotion_id): term for promotion_id, term in quoted.terms.items() if term.counted}
    limits = {key: term.limit_per_account for key, term in (terms | uses).items() if term.limit_per_account is not None}
    endless = [key for key, term in terms.items() if term.backorder]
    endless += [key for key, term in uses.items() if term.limit is None]
    return PlaceOrder(
        order_id=order_id_of(cart_id, cart),
        account_id=account_id,
        cart_id=cart_id,
        generation=cart.generation,
        quote=quoted.quote,
        address=delivery.address,
        country=delivery.destination.country,
        region=delivery.destination.region or "",
        payment_token=delivery.payment_token,
        at=now,
        hold_until=now + HOLD_MS,
        limits=limits,
        backorder=tuple(endless),
        cart_holds=tuple(item.stock_id for item in items if cart_id in item.stock.holds),
        capture=policy.capture_of(delivery.covered is not None),
        capture_at=policy.capture_at(now),
        review=policy.reasons(quoted.quote, delivery.destination.country),
        review_within=policy.review_within if policy.reviews else 0,
        gift_card=delivery.covered,
        undeliverable=quoted.undeliverable,
    )
