"""A run: the period's events in their order, of which what followed from others is made anew.

What people and shops did is given: prices, goods received, promotions, what was put into carts, parcels sent, orders
given up. What Kontor made of it is decided anew: holds, orders, payments as far as the provider's answers are known.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from msgspec.structs import replace

from domain.checkout.stocksteps import PAYMENT_GRACE_MS
from domain.errors import DomainError
from domain.ids import payment_id
from domain.inventory.inventory import (
    HOLD_MS,
    HoldStock,
    ReleaseStock,
    StockHeld,
    StockReceived,
    StockRefused,
    StockReleased,
)
from domain.orders.order import OrderPlaced
from domain.pricing.promotion import is_use
from domain.recorded import Recorded
from domain.sellers.offer import LiveOffer
from kontor.whatif.attempt import ordering
from kontor.whatif.checkouts import Checkouts
from kontor.whatif.deeds import deed_of
from kontor.whatif.opening import open_under
from kontor.whatif.outcome import Purchase
from kontor.whatif.period import Stretch
from kontor.whatif.provider import Answers
from kontor.whatif.terms import Changes
from kontor.whatif.world import World

PURCHASES_MAX = 200_000
SETTLING_MS = 5 * PAYMENT_GRACE_MS
"""Beyond the end of a hold: the payment's grace, and time for whoever looks after checkouts."""
Show = Callable[[int], None]


class TooMany(ValueError):
    """More purchases than are kept in memory."""


class Was(NamedTuple):
    """What happened in truth."""

    purchases: dict[str, Purchase]
    answers: dict[str, Answers]
    """Of the payment provider, by order."""
    cart_refused: int


def gather(stretch: Stretch, show: Show = lambda done: None) -> Was:
    """Raises TooMany, UnreadableStream, Damaged."""
    purchases: dict[str, Purchase] = {}
    answers: dict[str, Answers] = {}
    by_payment: dict[str, str] = {}
    cart_refused = 0
    for one in stretch.events():
        event, stream = one.event, one.stream
        if isinstance(event, OrderPlaced) and one.position <= stretch.period.upto:
            if len(purchases) == PURCHASES_MAX:
                raise TooMany(f"more than {PURCHASES_MAX:,} purchases: choose a shorter period")
            purchases[stream], answers[stream] = Purchase(stream, event.at), Answers()
            by_payment[payment_id(stream)] = stream
        if stream in purchases:
            purchases[stream].take(event)
        elif stream in by_payment:
            answers[by_payment[stream]].take(event)
        elif isinstance(event, StockRefused) and event.hold_id.startswith("crt_"):
            cart_refused += one.position <= stretch.period.upto
        show(one.position)
    return Was(purchases, answers, cart_refused)


class Run:
    """One pass over the period, under given terms."""

    def __init__(self, stretch: Stretch, was: Was, changes: Changes) -> None:
        self.purchases: dict[str, Purchase] = {}
        self.cart_refused = 0
        self.not_done = 0
        """What people did to orders afterwards and could not have done to these."""
        self._stretch = stretch
        self._was = was
        self._changes = changes
        self._world = World(stretch.base, changes)
        self._checkouts = Checkouts(self._world, was.answers, self.purchases)
        self._by_payment = {payment_id(order_id): order_id for order_id in was.purchases}
        self._returned: dict[tuple[str, str], str] = {}
        """Buyers and lines of orders that came to nothing in truth, and so were in the cart again; with the order."""
        self._now = 0

    async def drive(self, show: Show = lambda done: None) -> None:
        """Raises BadTerms, UnreadableStream, Damaged."""
        open_under(self._world, self._changes, self._stretch.period.began_at)
        for one in self._stretch.events():
            self._now = max(self._now, one.meta.recorded_at)
            self._checkouts.run_until(self._now)
            await self._take(one)
            show(one.position)
        self._checkouts.run_until(self._stretch.period.settled_at)

    async def _take(self, one: Recorded) -> None:
        match one.stream[:3]:
            case "ord":
                await self._of_order(one)
            case "pay":
                if one.stream in self._by_payment:
                    self._checkouts.answered(self._by_payment[one.stream], one.event, self._now)
            case "stk":
                self._of_stock(one)
            case "gft" if one.meta.correlation in self._was.purchases:
                self._checkouts.advance(one.meta.correlation, self._now)
            case _:
                self._given(one)

    def _given(self, one: Recorded) -> None:
        if not self._changes.overrules(one):
            self._world.happen(one.stream, one.event, self._now)

    # orders

    async def _of_order(self, one: Recorded) -> None:
        order_id = one.stream
        if order_id not in self._was.purchases:
            return
        if isinstance(one.event, OrderPlaced):
            await self._attempt(order_id, one.event)
        elif (deed := deed_of(order_id, one.event)) is not None:
            self.not_done += not self._checkouts.deed(order_id, deed, self._now)
        else:
            self._checkouts.advance(order_id, self._now)

    async def _attempt(self, order_id: str, placed: OrderPlaced) -> None:
        purchase = self.purchases[order_id] = Purchase(order_id, placed.at)
        lines = [line for line in placed.quote.lines if not self._has(placed.account_id, line.line_id)]
        if self._was.purchases[order_id].status == "refused":
            self._returned.update(((placed.account_id, line.line_id), order_id) for line in lines)
        if not lines:
            purchase.status = "not_tried"
            return
        try:
            command = await ordering(self._world, self._changes, order_id, placed, lines)
            self._checkouts.place(command, self._now)
        except DomainError as refusal:
            purchase.status, purchase.code = "refused", refusal.code

    def _has(self, account_id: str, line_id: str) -> bool:
        """Whether the buyer has got this by an order that had come to nothing in truth."""
        earlier = self.purchases.get(self._returned.get((account_id, line_id), ""))
        return earlier is not None and (earlier.stands or earlier.status == "pending")

    # stock

    def _of_stock(self, one: Recorded) -> None:
        event: Any = one.event
        hold_id = getattr(event, "hold_id", "")
        order_id = hold_id or one.meta.correlation
        if order_id in self._was.purchases:
            self._checkouts.advance(order_id, self._now)
        elif hold_id.startswith("crt_"):
            self._hold_in_cart(one)
        elif isinstance(event, StockReceived) and not is_use(one.stream):
            units = round(event.quantity * self._changes.stock_factor)
            self._world.happen(one.stream, replace(event, quantity=units), self._now)
        else:
            self._given(one)

    def _hold_in_cart(self, one: Recorded) -> None:
        """Units that were set aside when they were put into a cart, or could not be, are asked for anew."""
        event = one.event
        if isinstance(event, StockReleased):
            if event.reason != "expired":  # what has run out blocks nobody, whether or not it is tidied away
                self._world.decide(ReleaseStock(one.stream, event.hold_id, self._now, event.reason), self._now)
            return
        offer = self._world.state("off_" + one.stream.removeprefix("stk_"))
        if not isinstance(event, StockHeld | StockRefused) or not isinstance(offer, LiveOffer):
            self._given(one)
            return
        made = self._world.decide(self._holding(one, event, offer), self._now)
        refused = any(isinstance(done.event, StockRefused) for done in made)
        self.cart_refused += refused and one.position <= self._stretch.period.upto

    def _holding(self, one: Recorded, event: StockHeld | StockRefused, offer: LiveOffer) -> HoldStock:
        at = one.meta.occurred_at
        usual, replaces = (event.expires_at - at, event.replaces) if isinstance(event, StockHeld) else (HOLD_MS, "")
        buyer = event.hold_id if one.meta.actor == "anonymous" else one.meta.actor
        return HoldStock(
            one.stream,
            event.hold_id,
            event.quantity,
            at,
            at + self._changes.held_for(usual),
            account_id=buyer,
            limit=offer.terms.limit_per_account,
            backorder=offer.terms.backorder,
            replaces=replaces,
        )


def settling_ms(changes: Changes) -> int:
    """How long purchases may take to come to their ends."""
    return changes.held_for() + SETTLING_MS
