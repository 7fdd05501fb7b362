"""A drop, as a specification: its terms are the offer's, its line follows from a seed and the clock."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given as examples
from hypothesis import settings
from hypothesis import strategies as st
from msgspec.structs import replace

from domain.errors import IllegalTransition, Invalid, NotFound
from domain.money import Money
from domain.sellers.drop import (
    ADMISSION_MS_MAX,
    ADMISSION_MS_MIN,
    AHEAD_MS_MAX,
    BURST_MS,
    LASTS_MS_MAX,
    PER_MINUTE_MAX,
    AnnounceDrop,
    Drop,
    DropAnnounced,
    DropEnded,
    DropOpened,
    DropTerms,
    EndDrop,
    OpenDrop,
    Pace,
    by_lot,
    commitment_of,
    next_called,
    seats_for,
)
from domain.sellers.offer import OFFER, LiveOffer, OfferPut, OfferWithdrawn, PutOffer, Terms, WithdrawOffer
from tests.spec import given

ID = "off_shp_a.pen"
NOW = 1_700_000_000_000
OPENS, ENDS = NOW + 60_000, NOW + 3_600_000
TERMS = Terms(Money(1999, "USD"), limit_per_account=2)
PUT = OfferPut("prd_1", TERMS)
SEED = "5ca1ab1e" * 4
DROP = DropTerms(OPENS, ENDS, 600, 300_000)
ANNOUNCE = AnnounceDrop(ID, "drp_1", DROP, commitment_of(SEED), NOW)
ANNOUNCED = DropAnnounced("drp_1", DROP, commitment_of(SEED))
OPEN = OpenDrop(ID, "drp_1", SEED, 7, OPENS)
OPENED = DropOpened("drp_1", SEED, 7)
END = EndDrop(ID, "drp_1", NOW, "called_off")


# what is announced


def test_a_drop_is_announced_once():
    announced = given(OFFER, PUT).when(ANNOUNCE).then(ANNOUNCED)
    assert announced.state == LiveOffer("prd_1", TERMS, Drop("drp_1", DROP, commitment_of(SEED)))
    announced.when(ANNOUNCE).then_nothing()


def test_there_is_none_without_an_offer():
    given(OFFER).when(ANNOUNCE).then_refused(NotFound)
    given(OFFER, PUT, OfferWithdrawn()).when(ANNOUNCE).then_refused(NotFound)


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"opens_at": NOW}, "/opensAt"),
        ({"opens_at": NOW + AHEAD_MS_MAX + 1, "ends_at": NOW + AHEAD_MS_MAX + 2}, "/opensAt"),
        ({"ends_at": OPENS}, "/endsAt"),
        ({"ends_at": OPENS + LASTS_MS_MAX + 1}, "/endsAt"),
        ({"per_minute": 0}, "/perMinute"),
        ({"per_minute": PER_MINUTE_MAX + 1}, "/perMinute"),
        ({"admission_ms": ADMISSION_MS_MIN - 1}, "/admissionSeconds"),
        ({"admission_ms": ADMISSION_MS_MAX + 1}, "/admissionSeconds"),
    ],
)
def test_terms_have_bounds(change, pointer):
    refused = given(OFFER, PUT).when(replace(ANNOUNCE, terms=replace(DROP, **change))).then_refused(Invalid)
    assert refused.pointer == pointer


@pytest.mark.parametrize(
    "bound",
    [
        {"opens_at": NOW + 1},
        {"opens_at": NOW + AHEAD_MS_MAX, "ends_at": NOW + AHEAD_MS_MAX + 1},
        {"ends_at": OPENS + 1},
        {"ends_at": OPENS + LASTS_MS_MAX},
        {"per_minute": 1},
        {"per_minute": PER_MINUTE_MAX},
        {"admission_ms": ADMISSION_MS_MIN},
        {"admission_ms": ADMISSION_MS_MAX},
    ],
)
def test_the_bounds_themselves_are_allowed(bound):
    terms = replace(DROP, **bound)
    announced = DropAnnounced("drp_1", terms, commitment_of(SEED))
    given(OFFER, PUT).when(replace(ANNOUNCE, terms=terms)).then(announced)


@pytest.mark.parametrize("commitment", ["", "5ca1ab1e", "G" * 64, commitment_of(SEED) + "0"])
def test_a_commitment_is_a_digest(commitment):
    given(OFFER, PUT).when(replace(ANNOUNCE, commitment=commitment)).then_refused(Invalid)


UNFIT = [
    ({"hold_policy": "cart"}, "/holdPolicy"),
    ({"limit_per_account": None}, "/limitPerAccount"),
    ({"backorder": True}, "/backorder"),
]


@pytest.mark.parametrize(("change", "pointer"), UNFIT)
def test_the_offer_must_be_fit_for_a_drop_and_stay_so(change, pointer):
    unfit = replace(TERMS, **change)
    assert given(OFFER, OfferPut("prd_1", unfit)).when(ANNOUNCE).then_refused(Invalid).pointer == pointer
    put = PutOffer(ID, "prd_1", "USD", unfit)
    assert given(OFFER, PUT, ANNOUNCED).when(put).then_refused(Invalid).pointer == pointer
    ended = given(OFFER, PUT, ANNOUNCED, DropEnded("drp_1", "over"))
    ended.when(put).then(OfferPut("prd_1", unfit))


def test_a_new_price_leaves_the_drop_as_it_is():
    dearer = replace(TERMS, price=Money(2999, "USD"))
    stands = given(OFFER, PUT, ANNOUNCED).when(PutOffer(ID, "prd_1", "USD", dearer)).then(OfferPut("prd_1", dearer))
    assert stands.state.drop.drop_id == "drp_1"


def test_a_withdrawn_offer_has_no_drop_any_more():
    gone = given(OFFER, PUT, ANNOUNCED).when(WithdrawOffer(ID)).then(OfferWithdrawn())
    gone.when(OPEN).then_nothing()
    gone.when(END).then_nothing()
    again = gone.when(PutOffer(ID, "prd_1", "USD", TERMS)).then(PUT)
    assert again.state.drop is None


def test_an_offer_has_one_drop_at_a_time():
    another = replace(ANNOUNCE, drop_id="drp_2", terms=replace(DROP, opens_at=ENDS + 10, ends_at=ENDS + 20))
    stands = given(OFFER, PUT, ANNOUNCED)
    stands.when(replace(another, at=ENDS - 1)).then_refused(IllegalTransition)
    announced = DropAnnounced("drp_2", another.terms, ANNOUNCED.commitment)
    assert stands.when(replace(another, at=ENDS)).then(announced).state.drop.drop_id == "drp_2"
    stands.when(END).then(DropEnded("drp_1", "called_off")).when(another).then(announced)


# how it opens and ends


def test_it_opens_with_the_seed_that_was_committed_to():
    opened = given(OFFER, PUT, ANNOUNCED).when(OPEN).then(OPENED)
    assert (opened.state.drop.seed, opened.state.drop.joined) == (SEED, 7)
    opened.when(replace(OPEN, joined=9)).then_nothing()


def test_it_opens_neither_early_nor_with_another_seed():
    stands = given(OFFER, PUT, ANNOUNCED)
    stands.when(replace(OPEN, at=OPENS - 1)).then_refused(IllegalTransition)
    stands.when(replace(OPEN, seed="0" * 32)).then_refused(Invalid)
    stands.when(replace(OPEN, drop_id="drp_2")).then_nothing()


def test_it_is_on_until_its_end():
    drop = Drop("drp_1", DROP, "")
    assert drop.is_on(NOW)
    assert drop.is_on(ENDS - 1)
    assert not drop.is_on(ENDS)


def test_it_can_be_called_off_at_any_time_but_is_over_only_when_it_is():
    stands = given(OFFER, PUT, ANNOUNCED, OPENED)
    over = replace(END, reason="over")
    stands.when(replace(over, at=ENDS - 1)).then_refused(IllegalTransition)
    stands.when(replace(END, drop_id="drp_2")).then_nothing()
    for command in (replace(over, at=ENDS), END):
        ended = stands.when(command).then(DropEnded("drp_1", command.reason))
        assert ended.state == LiveOffer("prd_1", TERMS)
        ended.when(command).then_nothing()


# by lot


@examples(st.text("0123456789abcdef", min_size=1, max_size=32), st.integers(0, 300))
def test_places_are_dealt_once_each_and_can_be_worked_out_by_anybody(seed, joined):
    places = by_lot(seed, joined)
    assert sorted(places) == list(range(1, joined + 1))
    mine = [sha256(f"{seed}:{joined}:{number}".encode()).hexdigest() for number in range(1, joined + 1)]
    assert [sum(other <= own for other in mine) for own in mine] == list(places)


def test_whoever_joins_early_is_no_better_off():
    """A thousand draws of ten: the mean place of the first to join and of the last is that of the middle, 5.5, with a
    standard error of 0.09."""
    draws = [by_lot(f"seed {number}", 10) for number in range(1_000)]
    for ticket in (0, 9):
        assert abs(sum(places[ticket] for places in draws) / len(draws) - 5.5) < 0.5


# how fast


rounds = st.lists(st.tuples(st.integers(0, 5_000), st.integers(0, 200), st.integers(0, 100)), min_size=1, max_size=60)
"""How long after the one before, who has joined since, for how many there is room."""


@settings(max_examples=200)
@examples(st.integers(1, PER_MINUTE_MAX), rounds)
def test_nobody_is_let_in_faster_than_stated_nor_without_a_seat_nor_twice(per_minute, moves):
    at, joined, pace = OPENS, 0, Pace(0, OPENS)
    calls = [(at, 0)]
    for passed, came, seats in moves:
        at, joined = at + passed, joined + came
        after = next_called(pace, per_minute, joined - pace.called, seats, at)
        assert pace.called <= after.called <= min(joined, pace.called + seats)
        assert pace.paced_at <= after.paced_at <= at + 1
        pace = after
        calls.append((at, pace.called))
    burst = max(BURST_MS, -(-60_000 // per_minute))
    for i, (since, before) in enumerate(calls):
        for until, called in calls[i + 1 :]:
            allowed = (until - since + burst) * per_minute / 60_000 + 1
            assert i == 0 or called - before <= allowed, (until - since, called - before)


@examples(st.integers(1, PER_MINUTE_MAX), st.lists(st.integers(1, 2_000), min_size=1, max_size=100))
def test_the_stated_rate_is_reached_however_often_one_looks(per_minute, waits):
    at, pace = OPENS, Pace(0, OPENS)
    for wait in waits:
        at += wait
        pace = next_called(pace, per_minute, 10**9, 10**9, at)
    due = (at - OPENS) * per_minute / 60_000
    assert due * (1 - per_minute / 60_000 / 60) - len(waits) - 1 <= pace.called <= due


def test_the_rate_is_exact_where_it_divides_the_minute():
    pace = Pace(0, OPENS)
    for second in range(1, 61):
        pace = next_called(pace, 600, 10**9, 10**9, OPENS + 1000 * second)
        assert pace == Pace(10 * second, OPENS + 1000 * second)


def test_what_was_not_used_is_made_up_for_a_second_only():
    late = next_called(Pace(0, OPENS), 600, 5, 100, OPENS + 600_000)
    assert late == Pace(5, OPENS + 599_000)
    assert next_called(late, 600, 1_000, 1_000, OPENS + 600_000) == Pace(15, OPENS + 600_000)


@pytest.mark.parametrize("behind", [0, 1, 5_000])
def test_a_clock_that_is_behind_lets_nobody_in(behind):
    assert next_called(Pace(3, OPENS), 60_000, 10, 10, OPENS - behind) == Pace(3, OPENS)


def test_more_inside_than_there_are_units_for_sends_nobody_back():
    assert next_called(Pace(3, OPENS), 600, 10, -2, OPENS + 1_000) == Pace(3, OPENS)


def test_a_slow_line_makes_up_for_one_place():
    assert next_called(Pace(0, OPENS), 1, 5, 0, OPENS + 600_000) == Pace(0, OPENS + 540_000)
    assert next_called(Pace(0, OPENS + 540_000), 1, 5, 5, OPENS + 600_000) == Pace(1, OPENS + 600_000)


@pytest.mark.parametrize(
    ("available", "limit", "admitted", "seats"),
    [
        (100, 1, 0, 100),
        (100, 1, 40, 60),
        (100, 3, 0, 33),
        (100, 3, 33, 0),
        (2, 3, 0, 1),
        (2, 3, 1, -1),
        (0, 3, 0, 0),
        (-4, 1, 0, 0),
    ],
)
def test_whoever_is_let_in_finds_units(available, limit, admitted, seats):
    assert seats_for(available, limit, admitted) == seats
