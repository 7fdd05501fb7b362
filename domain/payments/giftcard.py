"""Gift card: money that was paid or given before, until it is spent. Stream ``gft_…``, by a keyed hash of its code.

An order reserves an amount at checkout. That ends once: redeemed when the order's money is taken, or released when the
order comes to nothing. What was redeemed may be given back in parts, each once, and can be spent again. The stream
decides one command after the other, so however many orders want the same money, the balance is never below zero, and

    value = balance + reserved + redeemed - given back

An expired or disabled card pays for nothing new. What is reserved on it already is settled all the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from msgspec.structs import replace

from domain.decider import Command, Decider, Event, State
from domain.errors import IllegalTransition, Invalid, NotFound
from domain.money import Money

VALUE_MAX = 100_000_000
"""Minor units that one card may be worth."""
USES_MAX = 500
"""Orders that may have to do with one card."""
THE_REST = ""
"""The id of what is given back when a whole order is called off."""

# events


class GiftCardIssued(Event, frozen=True):
    value: Money
    expires_at: int = 0
    """The first instant (ms) at which it pays no more; 0 is never."""
    shop_id: str = ""
    """The shop that owes it, and whose goods alone it pays for; empty for the marketplace, and everybody's goods."""


class GiftCardReserved(Event, frozen=True):
    order_id: str
    amount: Money


class GiftCardRefused(Event, frozen=True):
    """The order cannot have it. ``reason``: ``empty``, ``expired``, ``disabled``, ``currency`` or ``used_up``."""

    order_id: str
    amount: Money
    reason: str


class GiftCardReleased(Event, frozen=True):
    order_id: str
    amount: Money


class GiftCardRedeemed(Event, frozen=True):
    order_id: str
    amount: Money


class GiftCardRefunded(Event, frozen=True):
    """So much of what the order had redeemed is on the card again."""

    order_id: str
    amount: Money
    refund_id: str = THE_REST


class GiftCardDisabled(Event, frozen=True):
    pass


# commands


class IssueGiftCard(Command, frozen=True):
    gift_card_id: str
    value: Money
    at: int
    expires_at: int = 0
    shop_id: str = ""


class ReserveGiftCard(Command, frozen=True):
    gift_card_id: str
    order_id: str
    amount: Money
    at: int


class ReleaseGiftCard(Command, frozen=True):
    gift_card_id: str
    order_id: str


class RedeemGiftCard(Command, frozen=True):
    gift_card_id: str
    order_id: str


class RefundGiftCard(Command, frozen=True):
    gift_card_id: str
    order_id: str
    refund_id: str = THE_REST
    amount: Money | None = None
    """None: whatever is left of what the order redeemed."""


class DisableGiftCard(Command, frozen=True):
    gift_card_id: str


# state


class Use(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """What one order has to do with the card. ``status``: ``reserved``, ``redeemed`` or ``released``."""

    amount: int
    status: str = "reserved"
    refunds: dict[str, int] = {}
    """Minor units that were given back, by refund."""

    @property
    def left(self) -> int:
        """Of what was redeemed, what was not given back."""
        return self.amount - sum(self.refunds.values()) if self.status == "redeemed" else 0


class NoGiftCard(State, frozen=True):
    pass


class GiftCard(State, frozen=True):
    """One that was issued; what it is worth, and what orders have to do with it."""

    value: Money
    balance: int
    """Minor units that can be reserved."""
    expires_at: int = 0
    shop_id: str = ""
    disabled: bool = False
    uses: dict[str, Use] = {}
    """By order. Those that came to nothing stay: a late copy of their command must not take the money again."""

    @property
    def reserved(self) -> int:
        return sum(use.amount for use in self.uses.values() if use.status == "reserved")


GiftCardState = NoGiftCard | GiftCard


def status(card: GiftCard, at: int) -> str:
    """``active``, ``expired`` or ``disabled``."""
    if card.disabled:
        return "disabled"
    return "expired" if card.expires_at and at >= card.expires_at else "active"


def unusable(card: GiftCard, currency: str, at: int) -> str:
    """Why it can pay for nothing new, as in ``GiftCardRefused``; empty if it can."""
    if (now := status(card, at)) != "active":
        return now
    if card.value.currency != currency:
        return "currency"
    if len(card.uses) >= USES_MAX:
        return "used_up"
    return "" if card.balance else "empty"


# decide


def issue_gift_card(command: IssueGiftCard, state: GiftCardState) -> list[Event]:
    issued = GiftCardIssued(command.value, command.expires_at, command.shop_id)
    if isinstance(state, GiftCard):
        if (state.value, state.expires_at, state.shop_id) == (command.value, command.expires_at, command.shop_id):
            return []
        raise IllegalTransition("another gift card was issued under this Idempotency-Key; take a new one")
    if not 1 <= command.value.amount <= VALUE_MAX:
        raise Invalid(f"a gift card is worth 1 to {VALUE_MAX} minor units", "/value/amount")
    if command.expires_at and command.expires_at <= command.at:
        raise Invalid("must be in the future", "/expiresAt")
    return [issued]


def reserve_gift_card(command: ReserveGiftCard, state: GiftCardState) -> list[Event]:
    card = _issued(state)
    if command.order_id in card.uses:
        return []
    assert command.amount.amount > 0, command.amount
    reason = unusable(card, command.amount.currency, command.at)
    if reason or command.amount.amount > card.balance:
        return [GiftCardRefused(command.order_id, command.amount, reason or "empty")]
    return [GiftCardReserved(command.order_id, command.amount)]


def release_gift_card(command: ReleaseGiftCard, state: GiftCardState) -> list[Event]:
    """What was redeemed meanwhile is not released any more, but given back."""
    card = _issued(state)
    use = card.uses.get(command.order_id)
    if use is None or use.status != "reserved":
        return []
    return [GiftCardReleased(command.order_id, _money(card, use.amount))]


def redeem_gift_card(command: RedeemGiftCard, state: GiftCardState) -> list[Event]:
    card = _issued(state)
    use = card.uses.get(command.order_id)
    if use is None or use.status == "released":
        raise IllegalTransition("nothing is reserved on the gift card for this order")
    return [GiftCardRedeemed(command.order_id, _money(card, use.amount))] if use.status == "reserved" else []


def refund_gift_card(command: RefundGiftCard, state: GiftCardState) -> list[Event]:
    """Once for each refund; once all is given back, there is nothing to do."""
    card = _issued(state)
    use = card.uses.get(command.order_id)
    if use is None or use.status != "redeemed":
        raise IllegalTransition("this order has redeemed nothing of the gift card")
    if command.refund_id in use.refunds or not use.left:
        return []
    amount = _money(card, use.left) if command.amount is None else command.amount
    if amount.currency != card.value.currency or not 1 <= amount.amount <= use.left:
        raise Invalid(f"{_money(card, use.left)} of this order are left to be given back to the gift card", "/amount")
    return [GiftCardRefunded(command.order_id, amount, command.refund_id)]


def disable_gift_card(command: DisableGiftCard, state: GiftCardState) -> list[Event]:
    return [] if _issued(state).disabled else [GiftCardDisabled()]


def _issued(state: GiftCardState) -> GiftCard:
    if isinstance(state, GiftCard):
        return state
    raise NotFound("no such gift card")


def _money(card: GiftCard, amount: int) -> Money:
    return Money(amount, card.value.currency)


# evolve


def gift_card_issued(state: GiftCardState, event: GiftCardIssued) -> GiftCardState:
    return GiftCard(event.value, event.value.amount, event.expires_at, event.shop_id)


def gift_card_reserved(state: GiftCardState, event: GiftCardReserved) -> GiftCardState:
    if isinstance(state, NoGiftCard):
        return state
    amount = event.amount.amount
    return replace(state, balance=state.balance - amount, uses={**state.uses, event.order_id: Use(amount)})


def gift_card_released(state: GiftCardState, event: GiftCardReleased) -> GiftCardState:
    return _with_use(state, event.order_id, event.amount.amount, status="released")


def gift_card_redeemed(state: GiftCardState, event: GiftCardRedeemed) -> GiftCardState:
    return _with_use(state, event.order_id, 0, status="redeemed")


def gift_card_refunded(state: GiftCardState, event: GiftCardRefunded) -> GiftCardState:
    known = state.uses.get(event.order_id) if isinstance(state, GiftCard) else None
    if known is None:
        return state
    refunds = {**known.refunds, event.refund_id: event.amount.amount}
    return _with_use(state, event.order_id, event.amount.amount, refunds=refunds)


def _with_use(state: GiftCardState, order_id: str, back: int, **changes: Any) -> GiftCardState:
    known = state.uses.get(order_id) if isinstance(state, GiftCard) else None
    if isinstance(state, NoGiftCard) or known is None:
        return state
    uses = {**state.uses, order_id: replace(known, **changes)}
    return replace(state, balance=state.balance + back, uses=uses)


def gift_card_disabled(state: GiftCardState, event: GiftCardDisabled) -> GiftCardState:
    return replace(state, disabled=True) if isinstance(state, GiftCard) else state


EVOLUTIONS: Mapping[type[Event], Callable[[Any, Any], GiftCardState]] = {
    GiftCardIssued: gift_card_issued,
    GiftCardReserved: gift_card_reserved,
    GiftCardRefused: lambda state, event: state,
    GiftCardReleased: gift_card_released,
    GiftCardRedeemed: gift_card_redeemed,
    GiftCardRefunded: gift_card_refunded,
    GiftCardDisabled: gift_card_disabled,
}
GIFT_CARD = Decider(
    name="gift card",
    initial=NoGiftCard(),
    states=GiftCardState,
    decisions={
        IssueGiftCard: issue_gift_card,
        ReserveGiftCard: reserve_gift_card,
        ReleaseGiftCard: release_gift_card,
        RedeemGiftCard: redeem_gift_card,
        RefundGiftCard: refund_gift_card,
        DisableGiftCard: disable_gift_card,
    },
    evolutions=EVOLUTIONS,
)
