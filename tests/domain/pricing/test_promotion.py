"""Running promotions, as a specification; what they come to is in test_discounts.py."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from domain.errors import IllegalTransition, Invalid, LimitExceeded, NotFound
from domain.money import PPM, Money
from domain.pricing.board import (
    BOARD,
    POSTED_MAX,
    Board,
    PostPromotion,
    PromotionPosted,
    PromotionTakenDown,
    TakeDownPromotion,
)
from domain.pricing.promotion import (
    NAME_MAX,
    PROMOTION,
    SCOPE_MAX,
    UNITS_MAX,
    USES_MAX,
    Amount,
    BuyGet,
    EndedPromotion,
    EndPromotion,
    FreeShipping,
    Percent,
    PromotionEnded,
    PromotionPut,
    PutPromotion,
    Scope,
    Terms,
    is_use,
    require_live,
    uses_of,
)
from tests.spec import given

ID = "prm_1"
TERMS = Terms("Sale", Percent(100_000), code="SPRING", limit=10)
PUT = PutPromotion(ID, TERMS)
RUNNING = given(PROMOTION, PromotionPut(TERMS))


def test_a_promotion_is_put_once():
    given(PROMOTION).when(PUT).then(PromotionPut(TERMS)).when(PUT).then_nothing()


def test_its_terms_can_be_changed():
    more = replace(TERMS, limit=20, benefit=FreeShipping())
    RUNNING.when(PutPromotion(ID, more)).then(PromotionPut(more))


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"code": "OTHER"}, "/code"),
        ({"code": ""}, "/code"),
        ({"limit": None}, "/limit"),
        ({"limit": None, "limit_per_account": 1}, "/limit"),
    ],
)
def test_what_orders_under_way_rely_on_stays(change, pointer):
    refused = RUNNING.when(PutPromotion(ID, replace(TERMS, **change))).then_refused(Invalid)
    assert refused.pointer == pointer


def test_it_ends_once_and_for_good():
    ended = RUNNING.when(EndPromotion(ID)).then(PromotionEnded())
    assert ended.state == EndedPromotion(TERMS)
    ended.when(EndPromotion(ID)).then_nothing()
    ended.when(PUT).then_refused(IllegalTransition)
    given(PROMOTION).when(EndPromotion(ID)).then_refused(NotFound)


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"name": " "}, "/name"),
        ({"name": "x" * (NAME_MAX + 1)}, "/name"),
        ({"code": "small"}, "/code"),
        ({"code": "X"}, "/code"),
        ({"benefit": Percent(0)}, "/benefit/percent"),
        ({"benefit": Percent(PPM + 1)}, "/benefit/percent"),
        ({"benefit": Amount(Money(0, "USD"))}, "/benefit/amount/amount"),
        ({"benefit": BuyGet(0, 1)}, "/benefit/buy"),
        ({"benefit": BuyGet(1, UNITS_MAX + 1)}, "/benefit/get"),
        ({"benefit": BuyGet(1, 1, 0)}, "/benefit/percent"),
        ({"scope": Scope(categories=((),))}, "/categories"),
        ({"scope": Scope(skus=("x",) * (SCOPE_MAX + 1))}, "/skus"),
        ({"countries": ("US",) * (SCOPE_MAX + 1)}, "/countries"),
        ({"min_spend": Money(-1, "USD")}, "/minSpend/amount"),
        ({"min_units": -1}, "/minUnits"),
        ({"starts_at": 5, "ends_at": 5}, "/endsAt"),
        ({"limit": 0}, "/limit"),
        ({"limit_per_account": 0}, "/limitPerAccount"),
    ],
)
def test_bad_terms_are_refused(change, pointer):
    assert given(PROMOTION).when(PutPromotion(ID, replace(TERMS, **change))).then_refused(Invalid).pointer == pointer


@pytest.mark.parametrize(("at", "runs"), [(9, False), (10, True), (19, True), (20, False)])
def test_when_it_runs(at, runs):
    assert replace(TERMS, starts_at=10, ends_at=20).runs_at(at) is runs
    assert TERMS.runs_at(at)


def test_its_uses_are_stock_of_its_own():
    assert uses_of("prm_1") == "stk_prm_1.uses"
    assert is_use(uses_of(ID))
    assert not is_use("stk_shp_1.uses")


# the board


def test_a_board_shows_a_promotion_until_it_is_taken_down():
    post, take_down = PostPromotion("brd_market", ID), TakeDownPromotion("brd_market", ID)
    posted = given(BOARD).when(post).then(PromotionPosted(ID))
    posted.when(post).then_nothing()
    assert posted.state == Board((ID,))
    gone = posted.when(take_down).then(PromotionTakenDown(ID))
    assert gone.state == Board()
    gone.when(take_down).then_nothing()


def test_a_board_has_room_for_so_many():
    full = given(BOARD, *(PromotionPosted(f"prm_{i}") for i in range(POSTED_MAX)))
    full.when(PostPromotion("brd_market", "prm_more")).then_refused(LimitExceeded)
    full.when(PostPromotion("brd_market", "prm_7")).then_nothing()


@pytest.mark.parametrize(
    "change",
    [
        {"name": "x"},
        {"name": "x" * NAME_MAX},
        {"benefit": Percent(1)},
        {"benefit": Percent(PPM)},
        {"benefit": Amount(Money(1, "USD"))},
        {"benefit": BuyGet(1, 1, 1)},
        {"benefit": BuyGet(UNITS_MAX, UNITS_MAX, PPM)},
        {"scope": Scope(skus=("x",) * SCOPE_MAX, categories=(("x",),) * SCOPE_MAX)},
        {"countries": ("US",) * SCOPE_MAX},
        {"min_spend": Money(0, "USD")},
        {"min_units": UNITS_MAX},
        {"starts_at": 5, "ends_at": 6},
        {"starts_at": 5, "ends_at": 0},
        {"limit": 1},
        {"limit": USES_MAX},
        {"limit_per_account": 1},
        {"limit_per_account": USES_MAX},
    ],
)
def test_terms_may_go_as_far_as_this(change):
    terms = replace(TERMS, **change)
    given(PROMOTION).when(PutPromotion(ID, terms)).then(PromotionPut(terms))


def test_a_limit_of_both_kinds_keeps_both():
    both = replace(TERMS, limit_per_account=1)
    given(PROMOTION, PromotionPut(both)).when(PutPromotion(ID, TERMS)).then(PromotionPut(TERMS))
    unlimited = replace(TERMS, limit=None)
    given(PROMOTION, PromotionPut(unlimited)).when(PutPromotion(ID, TERMS)).then_refused(Invalid)


def test_only_a_running_promotion_is_live():
    assert require_live(RUNNING.state).terms == TERMS
    for state in (given(PROMOTION).state, given(PROMOTION, PromotionPut(TERMS), PromotionEnded()).state):
        with pytest.raises(NotFound):
            require_live(state)


def test_what_is_taken_down_takes_nothing_else_along():
    assert given(BOARD, PromotionPosted(ID), PromotionPosted("prm_2"), PromotionTakenDown(ID)).state == Board(
        ("prm_2",)
    )


def test_a_promotion_needs_no_code():
    plain = replace(TERMS, code="")
    given(PROMOTION).when(PutPromotion(ID, plain)).then(PromotionPut(plain))


def test_uses_that_nobody_counted_cannot_be_limited_later():
    plain = replace(TERMS, limit=None)
    limited = PutPromotion(ID, replace(plain, limit_per_account=1))
    assert given(PROMOTION, PromotionPut(plain)).when(limited).then_refused(Invalid).pointer == "/limit"
