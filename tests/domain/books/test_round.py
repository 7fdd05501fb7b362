"""A round is begun once in its time, by one process, and anew when that one died over it."""

from __future__ import annotations

from msgspec.structs import replace

from domain.books.round import GIVEN_UP_MS, RECONCILIATION, ROUND, BeginRound, FinishRound, RoundBegun, RoundFinished
from tests.spec import given

DAY = 86_400_000
BEGIN = BeginRound(RECONCILIATION, at=10 * DAY, every=DAY, first=8 * DAY)
BEGUN, FINISHED = RoundBegun(10 * DAY), RoundFinished(10 * DAY + 5, 10 * DAY, 3, 7, 1, 1)


def test_the_first_is_due_a_day_after_the_log_began() -> None:
    given(ROUND).when(BEGIN).then(BEGUN)
    given(ROUND).when(replace(BEGIN, first=9 * DAY + 1)).then_nothing()


def test_the_next_is_due_a_day_after_the_last_began() -> None:
    given(ROUND, BEGUN, FINISHED).when(replace(BEGIN, at=11 * DAY - 1)).then_nothing()
    given(ROUND, BEGUN, FINISHED).when(replace(BEGIN, at=11 * DAY)).then(RoundBegun(11 * DAY))


def test_nobody_begins_one_that_is_under_way() -> None:
    given(ROUND, BEGUN).when(replace(BEGIN, at=BEGUN.at + GIVEN_UP_MS - 1)).then_nothing()


def test_one_that_never_ended_is_begun_anew() -> None:
    again = BEGUN.at + GIVEN_UP_MS
    given(ROUND, BEGUN).when(replace(BEGIN, at=again)).then(RoundBegun(again))


def test_it_is_finished_once() -> None:
    finish = FinishRound(RECONCILIATION, 10 * DAY + 5, 10 * DAY, 3, 7, 1, 1)
    given(ROUND).when(finish).then_nothing()
    after = given(ROUND, BEGUN).when(finish).then(FINISHED)
    after.when(finish).then_nothing()
    assert after.state.until == 10 * DAY


def test_one_that_comes_round_more_often_is_given_up_sooner() -> None:
    often = replace(BEGIN, every=1_000)
    given(ROUND, BEGUN).when(replace(often, at=BEGUN.at + 999)).then_nothing()
    given(ROUND, BEGUN).when(replace(often, at=BEGUN.at + 1_000)).then(RoundBegun(BEGUN.at + 1_000))
