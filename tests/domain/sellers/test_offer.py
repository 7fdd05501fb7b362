"""The terms on which one shop sells one SKU, as a specification."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from domain.errors import Invalid, NotFound
from domain.money import Money
from domain.sellers.offer import (
    LIMIT_MAX,
    OFFER,
    PRICES_MAX,
    LiveOffer,
    OfferPut,
    OfferWithdrawn,
    PutOffer,
    ScheduledPrice,
    Terms,
    WithdrawOffer,
    next_change,
    price_at,
)
from domain.sellers.offer import require_live as live
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


def test_what_is_kept_stays_where_there_is_an_offer():
    cheaper = replace(PUT, terms=Terms(Money(999, "USD"), limit_per_account=3), kept=("list_price", "ships_to"))
    given(OFFER, STANDS).when(cheaper).then(
        OfferPut("prd_1", Terms(Money(999, "USD"), Money(2499, "USD"), ("US", "CA"), limit_per_account=3))
    )
    given(OFFER).when(cheaper).then(OfferPut("prd_1", cheaper.terms))
    given(OFFER, STANDS, OfferWithdrawn()).when(cheaper).then(OfferPut("prd_1", cheaper.terms))


def test_what_is_kept_is_held_to_the_rules_too():
    in_euro = replace(PUT, shop_currency="EUR", terms=Terms(Money(999, "EUR")), kept=("list_price",))
    assert given(OFFER, STANDS).when(in_euro).then_refused(Invalid).pointer == "/listPrice/currency"


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


# prices that begin and end, and prices of groups

DAY = 86_400_000


def sale(cents: int, starts_at: int = 0, ends_at: int = 0, group: str = "", name: str = "") -> ScheduledPrice:
    return ScheduledPrice(Money(cents, "USD"), starts_at, ends_at, group, name)


def asked(*prices: ScheduledPrice, at: int = 5, groups: tuple[str, ...] = ()) -> tuple[int, str]:
    found = price_at(Terms(Money(1000, "USD"), prices=prices), at, groups)
    return found.price.amount, found.why


def test_a_price_holds_from_its_first_instant_to_the_one_before_its_end() -> None:
    black_friday = sale(700, 5, 9, name="Black Friday")
    prices = [asked(black_friday, at=at)[0] for at in (4, 5, 8, 9)]
    assert prices == [1000, 700, 700, 1000]
    assert asked(black_friday) == (700, "Black Friday")


def test_the_one_that_began_last_takes_the_place_of_the_others_also_when_it_is_higher() -> None:
    season, day = sale(1200, 1, 10), sale(600, 5, 6)
    assert [asked(season, day, at=at)[0] for at in (0, 1, 5, 6, 10)] == [1000, 1200, 600, 1200, 1000]
    assert asked(sale(800, 5), sale(900, 5))[0] == 900, "of two that began together the later in the list"


def test_a_group_pays_its_own_price_and_never_more_than_everybody() -> None:
    wholesale = sale(800, group="wholesale", name="Trade")
    assert asked(wholesale) == (1000, "")
    assert asked(wholesale, groups=("wholesale", "staff")) == (800, "Trade, for wholesale")
    assert asked(wholesale, sale(700, 5), groups=("wholesale",)) == (700, "scheduled")
    assert asked(wholesale, sale(750, group="staff"), groups=("wholesale", "staff")) == (750, "scheduled, for staff")
    assert asked(sale(900, 6, group="staff"), groups=("staff",)) == (1000, "")
    assert asked(sale(1100, group="staff"), groups=("staff",)) == (1000, "")


@pytest.mark.parametrize(
    ("prices", "until"),
    [
        ((sale(700, 1, 20),), 20),
        ((sale(700, 1),), 0),
        ((sale(700, 1, 20), sale(900, 10, 12)), 10),
        ((sale(700, 1, 20), sale(900, 10)), 10),
        ((sale(700, 1), sale(900, 10)), 10),
        ((sale(700, 1, 20), sale(900, 20)), 20),
        ((sale(700, 1, 20), sale(900, 10, 12, "staff")), 20),
        ((sale(900, 1, 4), sale(700, 2, 20)), 20),
        ((sale(700, 10, 20),), 0),
    ],
)
def test_a_price_ends_where_another_takes_its_place(prices: tuple[ScheduledPrice, ...], until: int) -> None:
    """Told to the public as the day up to which it holds; of a price that is yet to come nobody is told."""
    terms = Terms(Money(1000, "USD"), prices=prices)
    found = price_at(terms, 5)
    assert found.until == until
    if until:
        assert price_at(terms, until - 1).price == found.price != price_at(terms, until).price


def test_of_groups_with_the_same_price_the_same_one_is_named_whatever_order_they_come_in() -> None:
    both = (sale(800, group="staff"), sale(800, group="wholesale"))
    assert asked(*both, groups=("wholesale", "staff")) == asked(*both, groups=("staff", "wholesale"))


def test_when_everybodys_price_changes_next() -> None:
    terms = Terms(Money(1000, "USD"), prices=(sale(700, 5, 9), sale(600, 7, 0), sale(1, 6, 8, "staff")))
    assert [next_change(terms, at) for at in (0, 5, 7, 9)] == [5, 7, 9, 0]


@pytest.mark.parametrize(
    ("price", "pointer"),
    [
        (sale(-1), "/prices/1/price/amount"),
        (ScheduledPrice(Money(1, "EUR")), "/prices/1/price/currency"),
        (sale(1, 9, 9), "/prices/1/endsAt"),
        (sale(1, 9, 5), "/prices/1/endsAt"),
    ],
)
def test_a_scheduled_price_that_cannot_be(price: ScheduledPrice, pointer: str) -> None:
    terms = replace(PUT.terms, prices=(sale(1, 5, 9), price))
    assert given(OFFER).when(replace(PUT, terms=terms)).then_refused(Invalid).pointer == pointer


def test_it_cannot_be_where_there_is_no_list_price_either() -> None:
    terms = Terms(Money(1000, "USD"), prices=(sale(-1),))
    assert given(OFFER).when(replace(PUT, terms=terms)).then_refused(Invalid).pointer == "/prices/0/price/amount"


def test_not_too_many_prices() -> None:
    most = replace(PUT.terms, prices=(sale(1),) * PRICES_MAX)
    given(OFFER).when(replace(PUT, terms=most)).then(OfferPut(PUT.product_id, most))
    more = replace(PUT.terms, prices=(sale(1),) * (PRICES_MAX + 1))
    assert given(OFFER).when(replace(PUT, terms=more)).then_refused(Invalid).pointer == "/prices"


# prices that look like slips

CAREFUL = replace(PUT, careful=True)


def priced(cents: int, *prices: ScheduledPrice) -> Terms:
    return Terms(Money(cents, "USD"), prices=prices)


def refused_as_a_slip(before: Terms | None, after: Terms) -> tuple[str | None, str]:
    """Where, and why; whoever is not asked to be careful is not refused."""
    stands = [] if before is None else [OfferPut("prd_1", before)]
    given(OFFER, *stands).when(replace(PUT, terms=after)).then(OfferPut("prd_1", after))
    refused = given(OFFER, *stands).when(replace(CAREFUL, terms=after)).then_refused(Invalid)
    return refused.pointer, refused.detail


def test_a_price_of_less_than_a_tenth_has_to_be_meant() -> None:
    given(OFFER, OfferPut("prd_1", priced(1999))).when(replace(CAREFUL, terms=priced(200))).then(
        OfferPut("prd_1", priced(200))
    )
    assert refused_as_a_slip(priced(1999), priced(199)) == (
        "/price/amount",
        "this price would be 1.99 USD, and the usual one is 19.99 USD; "
        "correct it, or set confirmPrice to true in this row",
    )


def test_a_price_of_nothing_has_to_be_meant_from_the_first_offer_on() -> None:
    pointer, why = refused_as_a_slip(None, priced(0))
    assert (pointer, why.partition(";")[0]) == ("/price/amount", "this price would be 0.00 USD")
    assert refused_as_a_slip(priced(1999), priced(0))[1].startswith(
        "this price would be 0.00 USD, and the usual one is 19"
    )
    given(OFFER, OfferPut("prd_1", priced(1)), OfferWithdrawn()).when(replace(CAREFUL, terms=priced(1))).then(
        OfferPut("prd_1", priced(1))
    )


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (None, priced(1000, sale(700), sale(99, 5, 9))),
        (priced(1000), priced(1000, sale(700), sale(0, group="staff"))),
        (priced(1000), priced(500, sale(700), sale(99))),
        (priced(500, sale(700)), priced(1000, sale(700), sale(99, name="Sale"))),
        (priced(1000, sale(50, 5, 9)), priced(1000, sale(700), sale(50, 5, 10))),
    ],
)
def test_a_scheduled_price_is_judged_by_the_usual_ones_before_and_after(before: Terms | None, after: Terms) -> None:
    assert refused_as_a_slip(before, after)[0] == "/prices/1/price/amount"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (priced(0), priced(0, sale(5))),
        (priced(1000, sale(50, 5, 9)), priced(9000, sale(50, 5, 9))),
        (priced(1000, sale(50, 5, 9), sale(0)), priced(100, sale(0))),
    ],
)
def test_what_stands_was_meant(before: Terms, after: Terms) -> None:
    given(OFFER, OfferPut("prd_1", before)).when(replace(CAREFUL, terms=after)).then(OfferPut("prd_1", after))


def test_what_is_kept_was_meant_too() -> None:
    stands = OfferPut("prd_1", priced(0, sale(0, group="staff")))
    limited = replace(CAREFUL, terms=replace(priced(0), limit_per_account=3), kept=("prices",))
    given(OFFER, stands).when(limited).then(OfferPut("prd_1", replace(stands.terms, limit_per_account=3)))
