"""Rule: what merchandisers tell search. Stream ``rul_…``, one for each rule.

Four kinds: words that mean the same, products that come first or last for a query, what may not be sold where, and what
the marketplace earns by what. None of them is in the index: a search takes them in when it is asked, so that a change
shows as soon as it is known.
"""

from __future__ import annotations

import re

from domain.decider import Command, Decider, Event, State
from domain.errors import IllegalTransition, Invalid, NotFound
from domain.money import PPM

PHRASES_MAX = 50
PHRASE_MAX = 100
"""Characters of a phrase, and of a query."""
PLACED_MAX = 50
SCOPE_MAX = 1_000
"""Categories, brands, products or regions that a rule may name."""
REGION = re.compile(r"[A-Z]{2}(-[A-Z0-9]{1,3})?")
"""A country of ISO 3166-1, or a part of one as in ISO 3166-2: US, US-CA."""
_LETTERS = re.compile(r"\w")


class Synonyms(Event, frozen=True, tag="synonyms", tag_field="kind"):
    """Each of the phrases finds what the others find; ``finds`` are narrower ones, which do not find them back."""

    phrases: tuple[str, ...]
    finds: tuple[str, ...] = ()


class Placement(Event, frozen=True, tag="placement", tag_field="kind"):
    """For one query, in whatever grammatical number: products that come first, in this order, and last."""

    query: str
    pinned: tuple[str, ...] = ()
    buried: tuple[str, ...] = ()


class Scope(Event, frozen=True):
    """Products: of categories (with those below), of brands, or named. One match is enough."""

    categories: tuple[tuple[str, ...], ...] = ()
    brands: tuple[str, ...] = ()
    product_ids: tuple[str, ...] = ()


class Restriction(Event, frozen=True, tag="restriction", tag_field="kind"):
    """What may not be sold to these regions; a country means all of it."""

    regions: tuple[str, ...]
    scope: Scope
    reason: str = ""


class Margin(Event, frozen=True, tag="margin", tag_field="kind"):
    """What the marketplace earns by these products, in millionths of their price."""

    scope: Scope
    share_ppm: int


Terms = Synonyms | Placement | Restriction | Margin


class RulePut(Event, frozen=True):
    terms: Terms


class RuleWithdrawn(Event, frozen=True):
    pass


class PutRule(Command, frozen=True):
    rule_id: str
    terms: Terms


class WithdrawRule(Command, frozen=True):
    rule_id: str


class NoRule(State, frozen=True):
    pass


class LiveRule(State, frozen=True):
    terms: Terms


class WithdrawnRule(State, frozen=True):
    pass


Rule = NoRule | LiveRule | WithdrawnRule


def put_rule(command: PutRule, state: Rule) -> list[Event]:
    _check(command.terms)
    if isinstance(state, WithdrawnRule):
        raise IllegalTransition("this rule was withdrawn; make a new one")
    if isinstance(state, LiveRule):
        if state.terms == command.terms:
            return []
        if type(state.terms) is not type(command.terms):
            raise Invalid("a rule keeps its kind; withdraw this one and make another", "/kind")
    return [RulePut(command.terms)]


def withdraw_rule(command: WithdrawRule, state: Rule) -> list[Event]:
    match state:
        case LiveRule():
            return [RuleWithdrawn()]
        case WithdrawnRule():
            return []
    raise NotFound("no such rule")


def _check(terms: Terms) -> None:
    match terms:
        case Synonyms(phrases, finds):
            _check_phrases(phrases, finds)
        case Placement(query, pinned, buried):
            _check_phrase(query, "/query")
            _check_placed(pinned, buried)
        case Restriction(regions, scope):
            _check_regions(regions)
            _check_scope(scope)
        case Margin(scope, share_ppm):
            _check_scope(scope)
            if not 0 <= share_ppm <= PPM:
                raise Invalid("must be between 0 and 100 percent", "/percent")


def _check_phrases(phrases: tuple[str, ...], finds: tuple[str, ...]) -> None:
    if len(phrases) + len(finds) < 2 or not phrases:
        raise Invalid("name a phrase and at least one other that it stands for or finds", "/phrases")
    for many, pointer in ((phrases, "/phrases"), (finds, "/finds")):
        if len(many) > PHRASES_MAX:
            raise Invalid(f"at most {PHRASES_MAX}", pointer)
        for phrase in many:
            _check_phrase(phrase, pointer)


def _check_phrase(phrase: str, pointer: str) -> None:
    if len(phrase) > PHRASE_MAX or _LETTERS.search(phrase) is None:
        raise Invalid(f"a phrase has letters or digits, and at most {PHRASE_MAX} characters", pointer)


def _check_placed(pinned: tuple[str, ...], buried: tuple[str, ...]) -> None:
    if not pinned and not buried:
        raise Invalid("name a product that is pinned or buried", "/pinned")
    for many, pointer in ((pinned, "/pinned"), (buried, "/buried")):
        if len(many) > PLACED_MAX:
            raise Invalid(f"at most {PLACED_MAX}", pointer)
        if len(set(many)) < len(many):
            raise Invalid("the same product twice", pointer)
    if set(pinned) & set(buried):
        raise Invalid("a product cannot be pinned and buried", "/buried")


def _check_regions(regions: tuple[str, ...]) -> None:
    if not 1 <= len(regions) <= SCOPE_MAX or not all(map(REGION.fullmatch, regions)):
        raise Invalid(f"1 to {SCOPE_MAX} regions such as US or US-CA", "/regions")


def _check_scope(scope: Scope) -> None:
    named = (scope.categories, "/categories"), (scope.brands, "/brands"), (scope.product_ids, "/productIds")
    if not any(many for many, _ in named):
        raise Invalid("name categories, brands or products", "/categories")
    for many, pointer in named:
        if len(many) > SCOPE_MAX or not all(many):
            raise Invalid(f"at most {SCOPE_MAX}, none of them empty", pointer)


RULE = Decider(
    name="rule",
    initial=NoRule(),
    states=Rule,
    decisions={PutRule: put_rule, WithdrawRule: withdraw_rule},
    evolutions={
        RulePut: lambda state, event: LiveRule(event.terms),
        RuleWithdrawn: lambda state, event: WithdrawnRule(),
    },
)
