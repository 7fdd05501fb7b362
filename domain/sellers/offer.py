"""Offer: the terms on which one shop sells one SKU. Stream ``off_<shop>.<sku>``.

What it costs follows from the terms, the instant and who asks, and from nothing else: no timer has to run for a sale to
begin or to end. Of the prices that hold for everybody, the one that began last counts; so it does for each customer
group. A buyer pays the least of those that are theirs, so a group never pays more than everybody.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

from msgspec.structs import replace

from domain.decider import Command, Decider, Event, State
from domain.errors import Invalid, NotFound
from domain.money import Money
from domain.sellers import drop
from domain.sellers.drop import AnnounceDrop, Drop, DropAnnounced, DropEnded, DropOpened, EndDrop, OpenDrop

LIMIT_MAX = 100_000
PRICES_MAX = 100
EVERYWHERE = ("*",)
SLIP = 10
"""A price of less than one part in so many of the usual one is taken for a slip, as is none at all."""


class ScheduledPrice(Event, frozen=True):
    """Instead of the offer's price: for a time, or for a customer group, or both. That is a price list's line."""

    price: Money
    starts_at: int = 0
    ends_at: int = 0
    """Milliseconds since 1970; 0 is no bound. The end is the first instant at which it is over."""
    group: str = ""
    """Empty: for everybody."""
    name: str = ""

    def holds_at(self, at: int) -> bool:
        return self.starts_at <= at and (self.ends_at == 0 or at < self.ends_at)


class Terms(Event, frozen=True):
    price: Money
    list_price: Money | None = None
    ships_to: tuple[str, ...] = EVERYWHERE
    hold_policy: str = "checkout"
    """``checkout`` or ``cart``: when the units are held."""
    limit_per_account: int | None = None
    backorder: bool = False
    prices: tuple[ScheduledPrice, ...] = ()


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
    kept: tuple[str, ...] = ()
    """Fields of the terms that stay as they are where there is an offer."""
    careful: bool = False
    """Whether prices that look like slips are refused: for rows of files, which nobody looks at one by one."""


class WithdrawOffer(Command, frozen=True):
    offer_id: str


class Asked(NamedTuple):
    price: Money
    why: str = ""
    """In words, where it is not the offer's usual price."""
    until: int = 0
    """When it ends, or the next one begins that takes its place; 0 if nobody knows."""


def price_at(terms: Terms, at: int, groups: Collection[str] = ()) -> Asked:
    """What one unit costs at an instant, for somebody of these customer groups."""
    usual = Asked(terms.price)
    if not terms.prices:
        return usual
    found = _newest([one for one in terms.prices if not one.group], at) or usual
    for group in sorted(groups):  # of two with the same price always the same one is named
        theirs = _newest([one for one in terms.prices if one.group == group], at)
        if theirs is not None and theirs.price.amount < found.price.amount:
            found = theirs
    return found


def _newest(prices: Sequence[ScheduledPrice], at: int) -> Asked | None:
    """Of the prices of everybody or of one group, the one that began last; of those that began together the last."""
    newest: ScheduledPrice | None = None
    for one in prices:
        if one.holds_at(at) and (newest is None or one.starts_at >= newest.starts_at):
            newest = one
    if newest is None:
        return None
    ends = [newest.ends_at] if newest.ends_at else []
    until = min(ends + [one.starts_at for one in prices if one.starts_at > at], default=0)
    why = (newest.name or "scheduled") + (f", for {newest.group}" if newest.group else "")
    return Asked(newest.price, why, until)


def next_change(terms: Terms, at: int) -> int:
    """The first instant after ``at`` at which the price that everybody sees may be another; 0 if none is known."""
    bounds = (bound for one in terms.prices if not one.group for bound in (one.starts_at, one.ends_at))
    return min((bound for bound in bounds if bound > at), default=0)


class NoOffer(State, frozen=True):
    pass


class LiveOffer(State, frozen=True):
    product_id: str
    terms: Terms
    drop: Drop | None = None


Offer = NoOffer | LiveOffer


def put_offer(command: PutOffer, state: Offer) -> list[Event]:
    terms = command.terms
    if isinstance(state, LiveOffer) and command.kept:
        terms = replace(terms, **{name: getattr(state.terms, name) for name in command.kept})
    _check_prices(terms, command.shop_currency)
    if terms.limit_per_account is not None and not 1 <= terms.limit_per_account <= LIMIT_MAX:
        raise Invalid(f"limitPerAccount must be between 1 and {LIMIT_MAX}", "/limitPerAccount")
    if command.careful:
        _require_likely_prices(terms, state.terms if isinstance(state, LiveOffer) else None)
    if isinstance(state, LiveOffer):
        if (state.product_id, state.terms) == (command.product_id, terms):
            return []
        if state.drop is not None:
            _require_fit_for_a_drop(terms)
    return [OfferPut(command.product_id, terms)]


def _check_prices(terms: Terms, currency: str) -> None:
    if len(terms.prices) > PRICES_MAX:
        raise Invalid(f"an offer has at most {PRICES_MAX} prices besides its own", "/prices")
    told = [(terms.price, "/price"), (terms.list_price, "/listPrice")]
    told += [(one.price, f"/prices/{i}/price") for i, one in enumerate(terms.prices)]
    for price, pointer in told:
        if price is None:
            continue
        if price.amount < 0:
            raise Invalid("a price must not be negative", pointer + "/amount")
        if price.currency != currency:
            raise Invalid(f"this shop sells in {currency}", pointer + "/currency")
    for i, one in enumerate(terms.prices):
        if one.ends_at and one.ends_at <= one.starts_at:
            raise Invalid("it ends before it begins", f"/prices/{i}/endsAt")


def _require_likely_prices(terms: Terms, before: Terms | None) -> None:
    """A digit or a decimal point that slipped is found out by buyers first. What stands is not asked about again.

    The usual price is held against the one that stands, others against the higher of the two. Raises Invalid.
    """
    stands = terms.price if before is None else before.price
    if before is None or terms.price != stands:
        _require_likely(terms.price, stands, "/price")
    usual = max(terms.price, stands, key=lambda price: price.amount)
    for i, one in enumerate(terms.prices):
        if before is None or one not in before.prices:
            _require_likely(one.price, usual, f"/prices/{i}/price")


def _require_likely(price: Money, usual: Money, pointer: str) -> None:
    if price.amount > 0 and price.amount * SLIP >= usual.amount:
        return
    beside = f", and the usual one is {usual}" if usual.amount else ""
    raise Invalid(
        f"this price would be {price}{beside}; correct it, or set confirmPrice to true in this row",
        pointer + "/amount",
    )


def withdraw_offer(command: WithdrawOffer, state: Offer) -> list[Event]:
    return [OfferWithdrawn()] if isinstance(state, LiveOffer) else []


def announce_drop(command: AnnounceDrop, state: Offer) -> list[Event]:
    offer = require_live(state)
    _require_fit_for_a_drop(offer.terms)
    return drop.announce(command, offer.drop)


def _require_fit_for_a_drop(terms: Terms) -> None:
    """Units that a cart sets aside would be had without a place in the line; without a limit one buyer could take all,
    and with a backorder nobody has to stand in line."""
    if terms.hold_policy != "checkout":
        raise Invalid("an offer with a drop holds its units at the checkout", "/holdPolicy")
    if terms.limit_per_account is None:
        raise Invalid("an offer with a drop needs a limit per account", "/limitPerAccount")
    if terms.backorder:
        raise Invalid("an offer with a drop takes no backorders", "/backorder")


def drop_of(state: Offer) -> Drop | None:
    return state.drop if isinstance(state, LiveOffer) else None


def _offer_put(state: Offer, event: OfferPut) -> LiveOffer:
    return LiveOffer(event.product_id, event.terms, drop_of(state))


def _drop_announced(state: Offer, event: DropAnnounced) -> Offer:
    return _with_drop(state, Drop(event.drop_id, event.terms, event.commitment))


def _drop_opened(state: Offer, event: DropOpened) -> Offer:
    known = drop_of(state)
    return state if known is None else _with_drop(state, replace(known, seed=event.seed, joined=event.joined))


def _with_drop(state: Offer, known: Drop | None) -> Offer:
    return replace(state, drop=known) if isinstance(state, LiveOffer) else state


def require_live(state: Offer) -> LiveOffer:
    """Raises NotFound."""
    if isinstance(state, LiveOffer):
        return state
    raise NotFound("this shop does not offer this SKU")


OFFER = Decider(
    name="offer",
    initial=NoOffer(),
    states=Offer,
    decisions={
        PutOffer: put_offer,
        WithdrawOffer: withdraw_offer,
        AnnounceDrop: announce_drop,
        OpenDrop: lambda command, state: drop.open_drop(command, drop_of(state)),
        EndDrop: lambda command, state: drop.end_drop(command, drop_of(state)),
    },
    evolutions={
        OfferPut: _offer_put,
        OfferWithdrawn: lambda state, event: NoOffer(),
        DropAnnounced: _drop_announced,
        DropOpened: _drop_opened,
        DropEnded: lambda state, event: _with_drop(state, None),
    },
)
