"""One attempt to buy, made once more: what was in the cart, at the prices and promotions of the run."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from domain.buyers.cart import CartLine, OpenCart
from domain.catalog.rule import Restriction, Scope
from domain.errors import GiftCardUnusable
from domain.money import Money
from domain.orders.order import OrderPlaced, PlaceOrder
from domain.orders.policy import OrderPolicy
from domain.orders.tender import Covered, due, payable
from domain.payments.giftcard import GiftCard, unusable
from domain.pricing.pricing import Destination, PricedLine, Quote
from domain.pricing.serviceability import RESTRICTED
from kontor.whatif.charged import shipping_of, tax_of
from kontor.whatif.terms import Changes
from kontor.whatif.world import States, World
from writeapi.buying.purchase import Delivery, items_of, place_order, quote_cart


class Restricted:
    """Of the lines that could not be sold there then."""

    def __init__(self, placed: OrderPlaced) -> None:
        lines = {line.line_id: line.product_id for line in placed.quote.lines}
        refused = [one for one in placed.undeliverable if one.code == RESTRICTED]
        self._found = [
            Restriction((placed.country,), Scope(product_ids=(lines[one.line_id],)), one.why) for one in refused
        ]

    async def now(self) -> Sequence[Restriction]:
        return self._found


class Terms:
    """What a quote of one order rests on."""

    def __init__(self, world: World, placed: OrderPlaced) -> None:
        self.engine = States(world)
        self.restrictions = Restricted(placed)
        self.tax = tax_of(placed.quote)
        self.shipping = shipping_of(placed.quote)


async def ordering(
    world: World, changes: Changes, order_id: str, placed: OrderPlaced, lines: Sequence[PricedLine]
) -> PlaceOrder:
    """The command of somebody who wants these of the lines. Raises DomainError when nothing can be ordered."""
    known = world.state(placed.cart_id)
    coupons = known.coupons if isinstance(known, OpenCart) else ()
    cart = OpenCart(placed.account_id, tuple(map(_cart_line, lines)), placed.generation, coupons=coupons)
    terms = Terms(world, placed)
    items = await items_of(terms, cart)
    destination = Destination(placed.country, placed.region or None)
    quoted = await quote_cart(terms, cart, items, destination, placed.quote.method, placed.account_id, placed.at)
    covered = _covered(world, placed, quoted.quote)
    if not placed.payment_token and due(quoted.quote, covered).amount:
        raise GiftCardUnusable("empty", "the gift card does not pay for everything, and nothing else was named")
    delivery = Delivery(destination, placed.address, placed.payment_token, covered)
    command = place_order(placed.account_id, placed.cart_id, cart, items, quoted, delivery, OrderPolicy(), placed.at)
    return replace(
        command,
        order_id=order_id,
        hold_until=placed.at + changes.held_for(placed.hold_until - placed.at),
        capture=placed.capture,
        capture_at=placed.capture_at,
        review=placed.review,
        review_within=placed.review_within,
    )


def _cart_line(line: PricedLine) -> CartLine:
    return CartLine(line.line_id, line.shop_id, line.sku, line.product_id, line.title, line.quantity, line.unit_price)


def _covered(world: World, placed: OrderPlaced, quote: Quote) -> Covered | None:
    """What the gift card that was given then pays now."""
    if placed.gift_card is None:
        return None
    card, currency = world.state(placed.gift_card.gift_card_id), quote.totals.grand.currency
    if not isinstance(card, GiftCard) or unusable(card, currency, placed.at):
        return None
    amount = min(card.balance, payable(card, quote))
    return Covered(placed.gift_card.gift_card_id, Money(amount, currency)) if amount else None
