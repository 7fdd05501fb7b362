"""The terms on which one shop sells one SKU, as a specification."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from domain.errors import Invalid, NotFound
from domain.money import Money
from domain.offer import LIMIT_MAX, OFFER, LiveOffer, OfferPut, OfferWithdrawn, PutOffer, Terms, WithdrawOffer
from domain.offer import require_live as live
from tests.spec import given

ID = "off_shp_a.pen"
TERMS = Terms(Money(1999, "USD"), Money(2499, "USD"), ("US", "CA"), "cart", 5, True)
PUT = PutOffer(ID, "prd_1", "USD", TERMS)
STANDS = OfferPut("prd_1", TERMS)
WITHDRAW = WithdrawOffer(ID)


def test_an_offer_is_put_once():
    given(OFFER).when(PUT).then(STANDS).when(PUT).then_nothing()


def test_new_terms_replace_the_old_ones():
    cheaper = replace(TERMS, price=Money(999, "USD"))
    changed = given(OFFER, STANDS).when(replace(PUT, terms=cheaper)).then(OfferPut("prd_1", cheaper))
    assert changed.state == LiveOffer("prd_1", cheaper)


def test_the_product_behind_a_sku_may_change():
    given(OFFER, STANDS).when(replace(PUT, product_id="prd_2")).then(OfferPut("prd_2", TERMS))


@pytest.mark.parametrize("free", [Terms(Money(0, "USD")), Terms(Money(0, "USD"), Money(0, "USD"))])
def test_a_price_may_be_nothing(free):
    given(OFFER).when(replace(PUT, terms=free)).then(OfferPut("prd_1", free))


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"price": Money(-1, "USD")}, "/price/amount"),
        ({"price": Money(1, "EUR")}, "/price/currency"),
        ({"list_price": Money(-1, "USD")}, "/listPrice/amount"),
        ({"list_price": Money(1, "EUR")}, "/listPrice/currency"),
        ({"limit_per_account": 0}, "/limitPerAccount"),
        ({"limit_per_account": LIMIT_MAX + 1}, "/limitPerAccount"),
    ],
)
def test_terms_are_refused_by_name(change, pointer):
    wrong = replace(PUT, terms=replace(TERMS, **change))
    assert given(OFFER).when(wrong).then_refused(Invalid).pointer == pointer
    assert given(OFFER, STANDS).when(wrong).then_refused(Invalid).pointer == pointer


def test_an_offer_is_withdrawn_once_and_may_come_back():
    gone = given(OFFER, STANDS).when(WITHDRAW).then(OfferWithdrawn())
    gone.when(WITHDRAW).then_nothing()
    gone.when(PUT).then(STANDS)


def test_what_was_never_offered_needs_no_withdrawing():
    given(OFFER).when(WITHDRAW).then_nothing()


def test_only_a_live_offer_sells():
    assert live(given(OFFER, STANDS).state).terms == TERMS
    for events in ((), (STANDS, OfferWithdrawn())):
        with pytest.raises(NotFound):
            live(given(OFFER, *events).state)


@pytest.mark.parametrize("limit", [1, LIMIT_MAX])
def test_a_limit_may_be_as_low_and_as_high_as_this(limit):
    terms = replace(TERMS, limit_per_account=limit)
    given(OFFER).when(replace(PUT, terms=terms)).then(OfferPut("prd_1", terms))
