"""Promotion: what takes how much off which lines, for whom and when. Stream ``prm_…``.

How often it may be used is stock like any other: the item ``stk_<promotion>.uses``, of which an order holds, buys or
gives back one unit. So a limit holds under any race and returns when an order comes to nothing, by the very rules that
keep goods from being oversold. What a promotion comes to is reckoned in ``discounts.py``.
"""

from __future__ import annotations

import re

from domain.decider import Command, Decider, Event, State
from domain.errors import IllegalTransition, Invalid, NotFound
from domain.ids import stock_id
from domain.money import PPM, Money

NAME_MAX = 200
SCOPE_MAX = 1_000
"""Categories, SKUs or countries that a promotion may name."""
UNITS_MAX = 1_000
USES_MAX = 1_000_000_000
CODE = re.compile(r"[A-Z0-9][A-Z0-9_-]{1,39}")
"""Coupon codes, which are kept in upper case."""


# terms


class Percent(Event, frozen=True, tag="percent", tag_field="kind"):
    """Millionths off each line."""

    rate_ppm: int


class Amount(Event, frozen=True, tag="amount", tag_field="kind"):
    """So much off all the lines together, shared out in proportion to their value."""

    amount: Money


class BuyGet(Event, frozen=True, tag="buy_get", tag_field="kind"):
    """Of each ``buy + get`` units, ``get`` are cheaper by ``rate_ppm`` millionths: the cheapest ones."""

    buy: int
    get: int
    rate_ppm: int = PPM


class FreeShipping(Event, frozen=True, tag="free_shipping", tag_field="kind"):
    """No charge for the parcels that hold any of its lines."""


Benefit = Percent | Amount | BuyGet | FreeShipping


class Scope(Event, frozen=True):
    """The lines it is for. Of categories (whole paths; those below count as well) and SKUs, one match is enough."""

    shop_id: str = ""
    """Empty: of every seller, and the marketplace pays for it; else the seller does."""
    categories: tuple[tuple[str, ...], ...] = ()
    skus: tuple[str, ...] = ()


class Terms(Event, frozen=True):
    """All that is settled about a promotion. What is left at its default restricts nothing."""

    name: str
    benefit: Benefit
    scope: Scope = Scope()
    code: str = ""
    """The coupon that has to be in the cart; without one it applies by itself."""
    min_spend: Money | None = None
    """What the lines in scope have to be worth, before any discount."""
    min_units: int = 0
    countries: tuple[str, ...] = ()
    """Destinations; none means everywhere."""
    group: str = ""
    """Only for accounts of this customer group."""
    starts_at: int = 0
    ends_at: int = 0
    """Milliseconds since 1970; 0 is no bound. The end is the first instant at which it is over."""
    priority: int = 0
    """Higher ones come first, and the others work on what they leave."""
    exclusive: bool = False
    """Never together with another: the buyer gets the best exclusive one or all the others, whichever is more."""
    limit: int | None = None
    """Orders that may use it altogether."""
    limit_per_account: int | None = None

    @property
    def counted(self) -> bool:
        return self.limit is not None or self.limit_per_account is not None

    def runs_at(self, at: int) -> bool:
        return self.starts_at <= at and (self.ends_at == 0 or at < self.ends_at)


# events, commands, state


class PromotionPut(Event, frozen=True):
    terms: Terms


class PromotionEnded(Event, frozen=True):
    pass


class PutPromotion(Command, frozen=True):
    promotion_id: str
    terms: Terms


class EndPromotion(Command, frozen=True):
    promotion_id: str


class NoPromotion(State, frozen=True):
    pass


class LivePromotion(State, frozen=True):
    terms: Terms


class EndedPromotion(State, frozen=True):
    terms: Terms


Promotion = NoPromotion | LivePromotion | EndedPromotion


def uses_of(promotion_id: str) -> str:
    """The stock item that counts how often it may still be used."""
    return stock_id(promotion_id, "uses")


def is_use(stock: str) -> bool:
    return stock.startswith("stk_prm_")


# decide


def put_promotion(command: PutPromotion, state: Promotion) -> list[Event]:
    """Its code, and whether it is counted, stay: orders under way rely on them."""
    terms = command.terms
    _check(terms)
    if isinstance(state, EndedPromotion):
        raise IllegalTransition("this promotion has ended; make a new one")
    if isinstance(state, LivePromotion):
        if state.terms == terms:
            return []
        if state.terms.code != terms.code:
            raise Invalid("a promotion keeps its code; end this one and make another", "/code")
        if state.terms.counted != terms.counted or (state.terms.limit is None) != (terms.limit is None):
            raise Invalid("a limit can be changed, not added or taken away", "/limit")
    return [PromotionPut(terms)]


def end_promotion(command: EndPromotion, state: Promotion) -> list[Event]:
    match state:
        case LivePromotion():
            return [PromotionEnded()]
        case EndedPromotion():
            return []
    raise NotFound("no such promotion")


def _check(terms: Terms) -> None:
    if not 1 <= len(terms.name.strip()) <= NAME_MAX:
        raise Invalid(f"a name has 1 to {NAME_MAX} characters", "/name")
    if terms.code and CODE.fullmatch(terms.code) is None:
        raise Invalid("a code has 2 to 40 letters, digits, hyphens or underscores", "/code")
    _check_benefit(terms.benefit)
    _check_scope(terms)
    if terms.min_spend is not None and terms.min_spend.amount < 0:
        raise Invalid("must not be negative", "/minSpend/amount")
    if not 0 <= terms.min_units <= UNITS_MAX:
        raise Invalid(f"must be between 0 and {UNITS_MAX}", "/minUnits")
    if terms.ends_at and terms.ends_at <= terms.starts_at:
        raise Invalid("must be later than startsAt", "/endsAt")
    for limit, pointer in ((terms.limit, "/limit"), (terms.limit_per_account, "/limitPerAccount")):
        if limit is not None and not 1 <= limit <= USES_MAX:
            raise Invalid(f"must be between 1 and {USES_MAX}", pointer)


def _check_scope(terms: Terms) -> None:
    for many, pointer in (
        (terms.scope.categories, "/categories"),
        (terms.scope.skus, "/skus"),
        (terms.countries, "/countries"),
    ):
        if len(many) > SCOPE_MAX:
            raise Invalid(f"at most {SCOPE_MAX}", pointer)
    if any(not path for path in terms.scope.categories):
        raise Invalid("a category needs at least one step", "/categories")


def _check_benefit(benefit: Benefit) -> None:
    match benefit:
        case Percent(rate_ppm):
            _check_rate(rate_ppm)
        case Amount(amount):
            if amount.amount <= 0:
                raise Invalid("must be more than nothing", "/benefit/amount/amount")
        case BuyGet(buy, get, rate_ppm):
            _check_rate(rate_ppm)
            for units, pointer in ((buy, "/benefit/buy"), (get, "/benefit/get")):
                if not 1 <= units <= UNITS_MAX:
                    raise Invalid(f"must be between 1 and {UNITS_MAX}", pointer)


def _check_rate(rate_ppm: int) -> None:
    if not 0 < rate_ppm <= PPM:
        raise Invalid("must be more than 0 and at most 100 percent", "/benefit/percent")


def require_live(state: Promotion) -> LivePromotion:
    """Raises NotFound for one that never was or is over."""
    if isinstance(state, LivePromotion):
        return state
    raise NotFound("no such promotion")


PROMOTION = Decider(
    name="promotion",
    initial=NoPromotion(),
    states=Promotion,
    decisions={PutPromotion: put_promotion, EndPromotion: end_promotion},
    evolutions={
        PromotionPut: lambda state, event: LivePromotion(event.terms),
        PromotionEnded: lambda state, event: EndedPromotion(state.terms) if isinstance(state, LivePromotion) else state,
    },
)
