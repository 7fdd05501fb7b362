"""What merchandisers may tell search, as a specification."""

from __future__ import annotations

import pytest

from domain.catalog.rule import (
    PHRASE_MAX,
    PHRASES_MAX,
    PLACED_MAX,
    RULE,
    SCOPE_MAX,
    Margin,
    Placement,
    PutRule,
    Restriction,
    RulePut,
    RuleWithdrawn,
    Scope,
    Synonyms,
    WithdrawRule,
)
from domain.errors import IllegalTransition, Invalid, NotFound
from domain.money import PPM
from tests.spec import given

ID = "rul_1"
SOFAS = Synonyms(("sofa", "couch"))
BEDS = Scope((("Furniture", "Beds"),))
LIVE = given(RULE, RulePut(SOFAS))


def test_a_rule_is_put_once():
    given(RULE).when(PutRule(ID, SOFAS)).then(RulePut(SOFAS)).when(PutRule(ID, SOFAS)).then_nothing()


def test_its_terms_can_be_changed():
    more = Synonyms(("sofa", "couch"), ("loveseat",))
    LIVE.when(PutRule(ID, more)).then(RulePut(more))


def test_it_keeps_its_kind():
    assert LIVE.when(PutRule(ID, Placement("sofa", ("prd_1",)))).then_refused(Invalid).pointer == "/kind"


def test_a_withdrawn_rule_stays_withdrawn():
    gone = LIVE.when(WithdrawRule(ID)).then(RuleWithdrawn())
    gone.when(WithdrawRule(ID)).then_nothing()
    given(RULE, RulePut(SOFAS), RuleWithdrawn()).when(PutRule(ID, SOFAS)).then_refused(IllegalTransition)


def test_what_is_not_there_cannot_be_withdrawn():
    given(RULE).when(WithdrawRule(ID)).then_refused(NotFound)


@pytest.mark.parametrize(
    "terms",
    [
        Synonyms(("sofa",), ("loveseat",)),
        Synonyms(tuple(f"p{n}" for n in range(PHRASES_MAX)), tuple(f"f{n}" for n in range(PHRASES_MAX))),
        Synonyms(("x" * PHRASE_MAX, "沙发")),
        Placement("sofa", buried=("prd_1",)),
        Placement('17"', tuple(f"prd_{n}" for n in range(PLACED_MAX))),
        Restriction(("DE", "US-CA", "FR-75"), BEDS),
        Restriction(("US",) * SCOPE_MAX, Scope(brands=("Nora",))),
        Margin(Scope(product_ids=("prd_1",) * SCOPE_MAX), 0),
        Margin(BEDS, PPM),
    ],
)
def test_what_is_accepted(terms):
    given(RULE).when(PutRule(ID, terms)).then(RulePut(terms))


@pytest.mark.parametrize(
    ("terms", "pointer"),
    [
        (Synonyms(("sofa",)), "/phrases"),
        (Synonyms((), ("sofa", "couch")), "/phrases"),
        (Synonyms(("sofa", "--")), "/phrases"),
        (Synonyms(("sofa",), ("x" * (PHRASE_MAX + 1),)), "/finds"),
        (Synonyms(tuple(f"p{n}" for n in range(PHRASES_MAX + 1))), "/phrases"),
        (Synonyms(("sofa",), tuple(f"p{n}" for n in range(PHRASES_MAX + 1))), "/finds"),
        (Placement("…", ("prd_1",)), "/query"),
        (Placement("sofa"), "/pinned"),
        (Placement("sofa", ("prd_1", "prd_1")), "/pinned"),
        (Placement("sofa", tuple(f"prd_{n}" for n in range(PLACED_MAX + 1))), "/pinned"),
        (Placement("sofa", (), tuple(f"prd_{n}" for n in range(PLACED_MAX + 1))), "/buried"),
        (Placement("sofa", ("prd_1",), ("prd_1",)), "/buried"),
        (Restriction((), BEDS), "/regions"),
        (Restriction(("us",), BEDS), "/regions"),
        (Restriction(("US-",), BEDS), "/regions"),
        (Restriction(("US",) * (SCOPE_MAX + 1), BEDS), "/regions"),
        (Restriction(("US",), Scope()), "/categories"),
        (Restriction(("US",), Scope(categories=((),))), "/categories"),
        (Restriction(("US",), Scope(brands=("",))), "/brands"),
        (Restriction(("US",), Scope(product_ids=("prd_1",) * (SCOPE_MAX + 1))), "/productIds"),
        (Margin(Scope(), 1), "/categories"),
        (Margin(BEDS, -1), "/percent"),
        (Margin(BEDS, PPM + 1), "/percent"),
    ],
)
def test_what_is_refused(terms, pointer):
    assert given(RULE).when(PutRule(ID, terms)).then_refused(Invalid).pointer == pointer
