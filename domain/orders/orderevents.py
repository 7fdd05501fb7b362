"""What can happen to an order. What follows for its state is in ``orderevolution.py``."""

from __future__ import annotations

from domain.decider import Event
from domain.money import Money
from domain.orders import tender
from domain.orders.policy import PARCEL
from domain.orders.shipment import Units
from domain.orders.tender import Covered
from domain.pricing.pricing import Quote
from domain.pricing.serviceability import Undeliverable


class OrderPlaced(Event, frozen=True):
    account_id: str
    cart_id: str
    generation: int
    """Which checkout of the cart this is; the first is 0."""
    quote: Quote
    address: bytes
    """Sealed with the buyer's key."""
    country: str
    region: str
    payment_token: str
    """The provider's name for the payment method; never a card number."""
    at: int
    hold_until: int
    limits: dict[str, int] = {}
    """Stock id to the most units one account may buy."""
    backorder: tuple[str, ...] = ()
    """Stock ids that may be sold below zero."""
    cart_holds: tuple[str, ...] = ()
    """Stock ids whose units the cart holds already; the order's holds take them over."""
    capture: str = ""
    """When the money is taken, as in ``policy.py``; empty for at once."""
    capture_at: int = 0
    """The instant (ms) when it is taken ``later``."""
    review: tuple[str, ...] = ()
    """Why a person is to look at it before the money is taken."""
    review_within: int = 0
    """How long that person has (ms)."""
    gift_card: Covered | None = None
    undeliverable: tuple[Undeliverable, ...] = ()
    """Why each of the quote's ``unserviceable`` lines cannot go there."""

    @property
    def due(self) -> Money:
        """What the payment method pays."""
        return tender.due(self.quote, self.gift_card)

    @property
    def is_by_parcel(self) -> bool:
        """Whether money is taken for each parcel; an order that costs nothing has none to take."""
        return self.capture == PARCEL and self.quote.totals.grand.amount > 0


class OrderConfirmed(Event, frozen=True):
    """Stock is committed and payment authorized: the order stands."""


class OrderPaid(Event, frozen=True):
    payment_id: str
    """Empty when nothing was to be paid."""


class OrderGiven(Event, frozen=True):
    """It costs nothing, so no money moves; but whoever pays for its promotions owes those who sold."""

    amount: Money
    """Nothing, in the order's currency."""


class OrderGivenBack(Event, frozen=True):
    """Of what cost nothing, an order or lines of one: these units are not sold after all, or came back."""

    amount: Money
    units: Units = {}
    """By line, and 1 by shop that has no parcel to make of it; none means all that are left."""


class OrderRefunded(Event, frozen=True):
    """Everything that was captured has been given back."""


class OrderCancelled(Event, frozen=True):
    reason: str
    """``out_of_stock``, ``payment_declined``, ``expired``, ``not_serviceable``, ``limit_exceeded`` or ``cancelled``;
    ``rejected`` by a review."""
    by: str = ""
    units: Units = {}
    """What was left of each line, if some units had been cancelled before; empty otherwise."""
    note: bytes = b""
    """What was said of it, sealed with the buyer's key."""


class LinesCancelled(Event, frozen=True):
    """Some units will not be sent: called off before they were packed."""

    cancellation_id: str
    units: Units
    at: int
    by: str = ""
    note: bytes = b""
    """What was said of it, sealed with the buyer's key."""
