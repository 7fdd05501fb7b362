"""The money of one checkout: what is known of the payment, and of a gift card that pays a part of the price.

Part of what ``sagastate.py`` keeps. What is asked for because of it is in ``moneysteps.py``.
"""

from __future__ import annotations

from domain.decider import State
from domain.money import Money

OPEN = ("authorized", "partially_captured")
"""Money is set aside, and nothing of the payment is under way."""


class Owed(State, frozen=True):
    """Money that the order owes back."""

    amount: Money
    reason: str


class Refunding(State, frozen=True):
    """A refund that the payment was asked for."""

    amount: Money
    reason: str
    decided: int = 0
    """Disputes that the bank had decided by then."""


class PaymentFunds(State, frozen=True):
    """What the payment method pays: set aside, taken, owed and given back, disputed."""

    status: str = "none"
    """The payment's, as in ``domain/payments/payment.py``."""
    intent: str = ""
    """Key of the open payment intent."""
    attempts: int = 0
    """Failed ones to carry it out, as far as the log tells."""

    reference: str = ""
    """The provider's name for what is set aside."""
    authorized_until: int = 0
    """When the provider lets the money go by itself (ms); 0 if it did not say."""
    captured: int = 0
    """Minor units that were taken by parcel."""
    released: bool = False
    """Money was taken by parcel, and none is set aside any more."""

    owed: dict[str, Owed] = {}
    """Refunds by id that the payment has not been asked for, the oldest first."""
    refunding: Refunding | None = None
    """The open refund."""
    refused: dict[str, Refunding] = {}
    """Refunds by id that the provider did not make, and that nobody has asked for again."""
    rest_asked: bool = False
    """Whatever was left was asked back, because the order was called off. That happens once."""
    back: int = 0
    """Minor units that were given back."""

    contested: dict[str, int] = {}
    """Minor units by open dispute."""
    lost: int = 0
    """Minor units that the buyer got by disputes."""
    decided: int = 0
    """Disputes that the bank has decided, for whomever."""


class CardFunds(State, frozen=True):
    """What a gift card pays."""

    status: str = ""
    """``reserved``, ``refused``, ``redeemed`` or ``released``; empty while the card was not asked."""
    owed: dict[str, Money] = {}
    """What is to be given back to it, by refund."""
    back: int = 0
    """Minor units that were given back to it."""
