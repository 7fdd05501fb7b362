"""One attempt to buy, made once more: what was in the cart, at the prices and promotions of the run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from msgspec.structs import replace

from domain.cart import CartLine, OpenCart
from domain.derivation import Step
from domain.errors import GiftCardUnusable
from domain.giftcard import GiftCard, unusable
from domain.money import Money
from domain.order import OrderPlaced, PlaceOrder
from domain.policy import OrderPolicy
from domain.pricing import Destination, PricedLine, Quote
from domain.rule import Restriction, Scope
from domain.serviceability import RESTRICTED
from domain.shipping import ShippingTable
from domain.tax import TaxRate, TaxTable
from domain.tender import Covered, due, payable
from kontor.tables import shipping_table, tax_table
from kontor.whatif.terms import Changes
from kontor.whatif.world import States, World
from writeapi.purchase import Delivery, items_of, place_order, quote_cart

RATES_MAX = 1_000


@dataclass(frozen=True, slots=True, eq=False)
class TaxAsCharged(TaxTable):
    """One rate for whatever is asked: the postal code that decided it is sealed with the address."""

    rate: TaxRate

    def lookup(self, country: str, region: str | None = None, postal_code: str | None = None) -> TaxRate:
        return self.rate


@lru_cache(RATES_MAX)
def _charging(rate: TaxRate) -> TaxTable:
    table = tax_table()
    return TaxAsCharged(table.countries, table.regions, table.areas, rate)


def tax_of(quote: Quote) -> TaxTable:
    """The table that gives what an order was charged."""
    step = next((step for step in quote.derivation if step.rule.startswith("tax_")), None)
    return tax_table() if step is None else _charging(_rate(step, quote))


def _rate(step: Step, quote: Quote) -> TaxRate:
    covers = any(step.what == "shipping/tax" for step in quote.derivation)
    told: Mapping[str, Any] = step.inputs
    return TaxRate(told["ratePpm"], told["name"], step.rule == "tax_contained", told["jurisdiction"], covers)


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
        self.shipping: ShippingTable = shipping_table()


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
