"""Which promotions a cart gets, and what each takes off.

The rule of stacking: those that go together are taken in the order of their priority, each working on what the earlier
ones left of a line; an exclusive one stands alone. The buyer gets the better of the two, and in a tie the one that
comes first by priority. Choices are made on whole minor units by the rules of ``derivation.py``, and what was
chosen is written down as steps, so that it can be proved later without knowing the promotions.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple, Protocol

import msgspec

from domain.money import Money, allocate_units, rate_of
from domain.pricing.derivation import Derivation
from domain.pricing.promotion import Amount, BuyGet, FreeShipping, Percent, Scope, Terms

STACKED_MAX = 20
"""Promotions one order can use together."""


class Shopper(NamedTuple):
    """Who buys, when, and with which coupons."""

    at: int = 0
    codes: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()


class AppliedPromotion(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    promotion_id: str
    name: str
    amount: Money
    """Taken off goods and shipping together, before tax is added."""
    code: str = ""
    shop_id: str = ""
    """The seller who pays for it; empty when the marketplace does."""
    counted: bool = False
    """Whether the order has to hold one of its uses."""


class Line(Protocol):
    """What is asked of a line of a quote."""

    @property
    def shop_id(self) -> str: ...
    @property
    def sku(self) -> str: ...
    @property
    def category(self) -> tuple[str, ...]: ...
    @property
    def quantity(self) -> int: ...
    @property
    def unit_price(self) -> Money: ...


Promotions = Mapping[str, Terms]
"""By the promotion's id."""


class _Candidate(NamedTuple):
    """A promotion that this shopper gets with this cart. ``scope`` are the lines that it is for."""

    rank: int
    promotion_id: str
    terms: Terms
    scope: list[int]


class _Take(NamedTuple):
    """``amount`` less for one line. ``rule`` and ``inputs`` say why, apart from what is left of the line."""

    line: int
    amount: int
    rule: str
    inputs: dict[str, int | str]


class Plan(NamedTuple):
    """What one promotion does to one order."""

    rank: int
    promotion_id: str
    terms: Terms
    takes: list[_Take]
    parcels: list[str]
    """Shops whose parcels become free."""
    amount: int


class Basket:
    """The lines of a quote and what the parcels cost, as promotions nibble at them."""

    def __init__(self, lines: Sequence[Line], parcels: Mapping[str, int]) -> None:
        self.lines = lines
        self.left = [_value(line) for line in lines]
        self.parcels = dict(parcels)

    def take(self, plan: Plan) -> None:
        for take in plan.takes:
            self.left[take.line] -= take.amount
        for shop_id in plan.parcels:
            self.parcels[shop_id] = 0


def choose(
    lines: Sequence[Line],
    parcels: Mapping[str, int],
    country: str,
    currency: str,
    promotions: Promotions,
    shopper: Shopper,
) -> list[Plan]:
    """The promotions that this cart gets, in the order in which they apply. ``parcels``: what each seller's costs."""
    basket = Basket(lines, parcels)
    together: list[Plan] = []
    alone: list[Plan] = []
    for candidate in _candidates(lines, country, currency, promotions, shopper):
        exclusive = candidate.terms.exclusive
        if not exclusive and len(together) == STACKED_MAX:
            continue
        plan = _plan(candidate, Basket(lines, parcels) if exclusive else basket)
        if plan.amount and exclusive:
            alone.append(plan)
        elif plan.amount:
            basket.take(plan)
            together.append(plan)
    ways = [together, *([plan] for plan in alone)]
    return max(ways, key=lambda way: (sum(plan.amount for plan in way), -min((plan.rank for plan in way), default=0)))


def _candidates(
    lines: Sequence[Line], country: str, currency: str, promotions: Promotions, shopper: Shopper
) -> Iterator[_Candidate]:
    """By priority, and then by id."""
    above = [{line.category[:depth] for depth in range(1, len(line.category) + 1)} for line in lines]
    ordered = sorted(promotions.items(), key=lambda item: (-item[1].priority, item[0]))
    for rank, (promotion_id, terms) in enumerate(ordered):
        if not _is_for(terms, country, shopper):
            continue
        scope = [i for i, line in enumerate(lines) if _holds(terms.scope, line, above[i])]
        if _is_met(terms, [lines[i] for i in scope], currency):
            yield _Candidate(rank, promotion_id, terms, scope)


def _is_for(terms: Terms, country: str, shopper: Shopper) -> bool:
    return (
        terms.runs_at(shopper.at)
        and (not terms.code or terms.code in shopper.codes)
        and (not terms.group or terms.group in shopper.groups)
        and (not terms.countries or country in terms.countries)
    )


def _holds(scope: Scope, line: Line, categories: set[tuple[str, ...]]) -> bool:
    """Whether a line, whose category is the last of ``categories`` and below the others, is in scope."""
    if scope.shop_id and scope.shop_id != line.shop_id:
        return False
    if not scope.categories and not scope.skus:
        return True
    return line.sku in scope.skus or not categories.isdisjoint(scope.categories)


def _is_met(terms: Terms, scoped: Sequence[Line], currency: str) -> bool:
    """Whether the lines in scope are many and dear enough. Amounts of another currency are met by nothing."""
    benefit, least = terms.benefit, terms.min_spend
    if not scoped or (isinstance(benefit, Amount) and benefit.amount.currency != currency):
        return False
    if terms.min_units > 1 and sum(line.quantity for line in scoped) < terms.min_units:
        return False
    if least is None:
        return True
    return least.currency == currency and sum(_value(line) for line in scoped) >= least.amount


def _value(line: Line) -> int:
    return line.unit_price.amount * line.quantity


# what each benefit comes to


def _plan(candidate: _Candidate, basket: Basket) -> Plan:
    rank, promotion_id, terms, scope = candidate
    takes: list[_Take] = []
    parcels: list[str] = []
    match terms.benefit:
        case Percent(rate_ppm):
            takes = _percent(rate_ppm, scope, basket)
        case Amount(amount):
            takes = _amount(amount.amount, scope, basket)
        case BuyGet() as deal:
            takes = _buy_get(deal, scope, basket)
        case FreeShipping():
            shops = {basket.lines[i].shop_id: None for i in scope}
            parcels = [shop_id for shop_id in shops if basket.parcels[shop_id]]
    worth = sum(take.amount for take in takes) + sum(basket.parcels[shop_id] for shop_id in parcels)
    return Plan(rank, promotion_id, terms, takes, parcels, worth)


def _percent(rate_ppm: int, scope: Sequence[int], basket: Basket) -> list[_Take]:
    off = [(i, rate_of(basket.left[i], rate_ppm)) for i in scope]
    return [_Take(i, amount, "share", {"ratePpm": rate_ppm}) for i, amount in off if amount]


def _amount(given: int, scope: Sequence[int], basket: Basket) -> list[_Take]:
    left = [basket.left[i] for i in scope]
    whole = min(given, sum(left))
    if not whole:
        return []
    parts = allocate_units(whole, left)
    return [_Take(i, part, "portion", {"index": j}) for j, (i, part) in enumerate(zip(scope, parts, strict=True))]


def _buy_get(deal: BuyGet, scope: Sequence[int], basket: Basket) -> list[_Take]:
    """The cheapest units are the ones that come cheaper; of equally cheap ones, those of the later lines."""
    free = sum(basket.lines[i].quantity for i in scope) // (deal.buy + deal.get) * deal.get
    takes = []
    for i in sorted(scope, key=lambda i: (basket.lines[i].unit_price.amount, -i)):
        units = min(free, basket.lines[i].quantity)
        free -= units
        unit = basket.lines[i].unit_price.amount
        amount = min(rate_of(unit * units, deal.rate_ppm), basket.left[i])
        if amount:
            takes.append(_Take(i, amount, "units_off", {"unit": unit, "units": units, "ratePpm": deal.rate_ppm}))
    return takes


# written down


def derive(made: Derivation, plans: Sequence[Plan], lines: Sequence[Line]) -> tuple[AppliedPromotion, ...]:
    """Adds the steps of what was chosen: ``lines/<i>/discount`` and ``lines/<i>/net`` of each line that became cheaper,
    ``shipping/discount`` and ``shipping/net``, ``totals/discount``."""
    if not plans:
        return ()
    left = {i: f"lines/{i}/items" for i in range(len(lines))}
    taken: dict[int, list[str]] = {}
    shipping: list[str] = []
    applied = []
    for k, plan in enumerate(plans):
        names = _derive_takes(made, f"promotions/{k}", plan, left, taken)
        for shop_id in plan.parcels:
            name = f"promotions/{k}/shipping/{shop_id}"
            made.step(name, "sum", {"of": (f"shipping/{shop_id}",)})
            names.append(name)
            shipping.append(name)
        amount = made.step(f"promotions/{k}", "sum", {"of": tuple(names), "id": plan.promotion_id})
        assert amount.amount == plan.amount, plan
        terms = plan.terms
        applied.append(
            AppliedPromotion(plan.promotion_id, terms.name, amount, terms.code, terms.scope.shop_id, terms.counted)
        )
    for i, off in taken.items():
        made.step(f"lines/{i}/discount", "sum", {"of": tuple(off)})
        made.step(f"lines/{i}/net", "difference", {"from": f"lines/{i}/items", "less": f"lines/{i}/discount"})
    if shipping:
        made.step("shipping/discount", "sum", {"of": tuple(shipping)})
    made.step("totals/discount", "sum", {"of": tuple(f"promotions/{k}" for k in range(len(plans)))})
    return tuple(applied)


def _derive_takes(
    made: Derivation, name: str, plan: Plan, left: dict[int, str], taken: dict[int, list[str]]
) -> list[str]:
    """One step for each line, and one for what is then left of it. Returns the names of the first kind."""
    shared: dict[str, int | str | tuple[int | str, ...]] = {}
    if isinstance(plan.terms.benefit, Amount):
        weights = tuple(left[take.line] for take in plan.takes)
        made.step(f"{name}/base", "sum", {"of": weights})
        made.step(f"{name}/whole", "at_most", {"given": plan.terms.benefit.amount.amount, "limit": f"{name}/base"})
        shared = {"of": f"{name}/whole", "weights": weights}
    names = []
    for take in plan.takes:
        off = f"{name}/lines/{take.line}"
        made.step(off, take.rule, {**(shared or {"of": left[take.line]}), **take.inputs})
        names.append(off)
        taken.setdefault(take.line, []).append(off)
    for take, off in zip(plan.takes, names, strict=True):
        rest = f"{off}/left"
        made.step(rest, "difference", {"from": left[take.line], "less": off})
        left[take.line] = rest
    return names
