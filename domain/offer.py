"""Offer: the terms on which one shop sells one SKU. Stream ``off_<shop>.<sku>``."""

from __future__ import annotations

from domain.decider import Command, Decider, Event, State
from domain.errors import Invalid, NotFound
from domain.money import Money

LIMIT_MAX = 100_000
EVERYWHERE = ("*",)


class Terms(Event, frozen=True):
    price: Money
    list_price: Money | None = None
    ships_to: tuple[str, ...] = EVERYWHERE
    hold_policy: str = "checkout"
    """``checkout`` or ``cart``: when the units are held."""
    limit_per_account: int | None = None
    backorder: bool = False


class OfferPut(Event, frozen=True):
    product_id: str
    terms: Terms


class OfferWithdrawn(Event, frozen=True):
    pass


class PutOffer(Command, frozen=True):
    offer_id: str
    product_id: str
    shop_currency: str
    terms: Terms


class WithdrawOffer(Command, frozen=True):
    offer_id: str


class NoOffer(State, frozen=True):
    pass


class LiveOffer(State, frozen=True):
    product_id: str
    terms: Terms


Offer = NoOffer | LiveOffer


def put_offer(command: PutOffer, state: Offer) -> list[Event]:
    terms = command.terms
    for price, pointer in ((terms.price, "/price"), (terms.list_price, "/listPrice")):
        if price is None:
            continue
        if price.amount < 0:
            raise Invalid("a price must not be negative", pointer + "/amount")
        if price.currency != command.shop_currency:
            raise Invalid(f"this shop sells in {command.shop_currency}", pointer + "/currency")
    if terms.limit_per_account is not None and not 1 <= terms.limit_per_account <= LIMIT_MAX:
        raise Invalid(f"limitPerAccount must be between 1 and {LIMIT_MAX}", "/limitPerAccount")
    if isinstance(state, LiveOffer) and (state.product_id, state.terms) == (command.product_id, terms):
        return []
    return [OfferPut(command.product_id, terms)]


def withdraw_offer(command: WithdrawOffer, state: Offer) -> list[Event]:
    return [OfferWithdrawn()] if isinstance(state, LiveOffer) else []


def require_live(state: Offer) -> LiveOffer:
    if isinstance(state, LiveOffer):
        return state
    raise NotFound("this shop does not offer this SKU")


OFFER = Decider(
    name="offer",
    initial=NoOffer(),
    states=Offer,
    decisions={PutOffer: put_offer, WithdrawOffer: withdraw_offer},
    evolutions={
        OfferPut: lambda state, event: LiveOffer(event.product_id, event.terms),
        OfferWithdrawn: lambda state, event: NoOffer(),
    },
)
