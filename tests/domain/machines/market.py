"""Buyers and sellers, as the routes of the command service let them act."""

from __future__ import annotations

from contextlib import suppress
from typing import NamedTuple

from domain.buyers import cart
from domain.buyers.cart import MergedCart, OpenCart, cart_of, find_line, order_id_of
from domain.errors import DomainError
from domain.ids import stock_id
from domain.inventory import inventory
from domain.inventory.inventory import HOLD_MS, HoldStock, ReceiveStock, StockRefused
from domain.money import Money
from domain.orders.order import PlaceOrder
from domain.orders.policy import LATER, PARCEL, SHIPMENT, OrderPolicy
from domain.orders.tender import Covered, payable
from domain.payments.giftcard import IssueGiftCard
from domain.pricing.pricing import Quote
from tests.domain.machines.goods import cart_line, place_order, quote_of
from tests.domain.machines.prices import Pricing
from tests.domain.machines.world import World


class Terms(NamedTuple):
    shop_id: str
    sku: str
    limit: int | None = None
    hold_in_cart: bool = False
    backorder: bool = False

    @property
    def stock_id(self) -> str:
        return stock_id(self.shop_id, self.sku)


OFFERS = (
    Terms("shp_a", "plain"),
    Terms("shp_a", "limited", limit=2),
    Terms("shp_b", "eager", hold_in_cart=True),
    Terms("shp_b", "endless", backorder=True),
)
PLAINLY = OrderPolicy()
POLICIES = (
    PLAINLY,
    OrderPolicy(capture=SHIPMENT),
    OrderPolicy(capture=PARCEL),
    OrderPolicy(capture=PARCEL, review_countries=("US",), review_within=2 * HOLD_MS),
    OrderPolicy(capture=LATER, capture_after=2 * HOLD_MS),
    OrderPolicy(review_above=0, review_within=2 * HOLD_MS),
    OrderPolicy(capture=SHIPMENT, review_countries=("US",), review_within=2 * HOLD_MS),
    OrderPolicy(capture=LATER, capture_after=HOLD_MS, review_above=3_000, review_within=2 * HOLD_MS),
)
BY_STOCK = {terms.stock_id: terms for terms in OFFERS}
BUYERS = ("usr_1", "usr_2")
CARDS = {"gft_large": 100_000, "gft_small": 2_500}
"""One that pays for whole orders, and one that several orders quarrel about."""


class Market:
    def __init__(self, world: World) -> None:
        self.world = world
        self.items = 0
        self.price: Pricing = quote_of
        self._guests = dict.fromkeys(BUYERS, 0)

    def open(self, units: int) -> None:
        for terms in OFFERS:
            self.world.submit(ReceiveStock(terms.stock_id, units, self.world.now))
        for gift_card_id, value in CARDS.items():
            self.world.submit(IssueGiftCard(gift_card_id, Money(value, "USD"), self.world.now))

    def cart_id(self, buyer: str, guest: bool) -> str:
        """The buyer's own cart, or the anonymous one they use before they sign in."""
        if not guest:
            return cart_of(buyer)
        anonymous = f"crt_guest_{buyer}_{self._guests[buyer]}"
        if isinstance(self.world.state(anonymous), MergedCart):
            self._guests[buyer] += 1
            return self.cart_id(buyer, guest)
        return anonymous

    def add(self, buyer: str, guest: bool, terms: Terms, quantity: int) -> None:
        cart_id, now = self.cart_id(buyer, guest), self.world.now
        state = self.world.state(cart_id)
        same = find_line(state, terms.shop_id, terms.sku) if isinstance(state, OpenCart) else None
        if terms.hold_in_cart:
            total = quantity + (same.quantity if same else 0)
            held = self.world.submit(HoldStock(terms.stock_id, cart_id, total, now, now + HOLD_MS, buyer))
            if any(isinstance(recorded.event, StockRefused) for recorded in held):
                return
        self.items += 1
        line = cart_line(f"lin_{self.items}", terms.sku, quantity, terms.shop_id)
        self.world.submit(cart.AddItem(cart_id, line, now, "" if guest else buyer))

    def remove(self, buyer: str, guest: bool) -> None:
        cart_id = self.cart_id(buyer, guest)
        state = self.world.state(cart_id)
        if isinstance(state, OpenCart) and state.lines:
            line = state.lines[0]
            self.world.submit(cart.RemoveItem(cart_id, line.item_id))
            release = inventory.ReleaseStock(stock_id(line.shop_id, line.sku), cart_id, self.world.now, "removed")
            self.world.submit(release)

    def merge(self, buyer: str) -> None:
        source, target = self.cart_id(buyer, guest=True), cart_of(buyer)
        state = self.world.state(source)
        if isinstance(state, OpenCart):
            self.world.submit(cart.MergeCart(target, buyer, source, state.lines, self.world.now))
            with suppress(DomainError):
                self.world.submit(cart.CloseMergedCart(source, target))

    def order(
        self, buyer: str, guest: bool, serviceable: bool = True, policy: OrderPolicy = PLAINLY, card: str = ""
    ) -> PlaceOrder | None:
        """What the route would submit for the cart as it is now."""
        cart_id, now = self.cart_id(buyer, guest), self.world.now
        state = self.world.state(cart_id)
        if not isinstance(state, OpenCart) or not state.lines:
            return None
        terms = {key: BY_STOCK[key] for key in (stock_id(line.shop_id, line.sku) for line in state.lines)}
        quote = self.price(state.lines, serviceable=serviceable)
        covered = self._covered(card, quote)
        return place_order(
            order_id_of(cart_id, state),
            quote,
            account_id=buyer,
            cart_id=cart_id,
            generation=state.generation,
            at=now,
            hold_until=now + HOLD_MS,
            limits={key: term.limit for key, term in terms.items() if term.limit is not None},
            backorder=tuple(key for key, term in terms.items() if term.backorder),
            cart_holds=tuple(key for key in terms if cart_id in self.world.state(key).holds),
            capture=policy.capture_of(covered is not None),
            capture_at=policy.capture_at(now),
            review=policy.reasons(quote, "US"),
            review_within=policy.review_within,
            gift_card=covered,
        )

    def _covered(self, card: str, quote: Quote) -> Covered | None:
        """As it was quoted, before anybody else came with the same card; None where nothing is to be paid."""
        most = payable(self.world.state(card), quote) if card else 0
        return Covered(card, Money(min(CARDS[card], most), "USD")) if most else None
