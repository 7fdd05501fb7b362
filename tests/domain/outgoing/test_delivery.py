"""Attempts, pauses, and what is given up, as a specification."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from domain.errors import IllegalTransition, LimitExceeded, NotFound
from domain.outgoing.delivery import (
    DELIVERY,
    FIRST_PAUSE_MS,
    KEPT_MS,
    LONGEST_PAUSE_MS,
    OPEN_MAX,
    PARKED_MAX,
    AskDelivery,
    Attempt,
    BeginDelivery,
    Delivery,
    DeliveryAdvanced,
    DeliveryAsked,
    DeliveryBegun,
    DeliveryDropped,
    DeliveryFailed,
    DeliveryHurried,
    DeliveryParked,
    DeliveryReleased,
    DeliverySettled,
    DeliverySkipped,
    DeliveryTaken,
    DropParked,
    Open,
    RecordAttempts,
    ReleaseDelivery,
    RetryParked,
    TakeDelivery,
    pause_after,
)
from tests.spec import given

ID, ONE, TWO = "dlv_1", "ord_1/3", "ord_2/3"
NOW, UNTIL = 1_000, 61_000
BEGUN, TAKEN = DeliveryBegun(40), DeliveryTaken("me", UNTIL)
AT_WORK = given(DELIVERY, BEGUN, TAKEN)
FAILED = DeliveryFailed(ONE, 45, 1, NOW + 5_000, NOW, "answered 500")
PARKED = DeliveryParked(ONE, 45, 20, NOW, NOW + KEPT_MS, "answered 500")


def record(*attempts: Attempt, position: int = 50, at: int = NOW, worker: str = "me") -> RecordAttempts:
    return RecordAttempts(ID, worker, at, UNTIL, position, attempts)


def sent(event_id: str = ONE, since: int = 0) -> Attempt:
    return Attempt(event_id, 45, "sent", since=since)


def failed(again_at: int = NOW + 5_000, kind: str = "failed", since: int = 0) -> Attempt:
    return Attempt(ONE, 45, kind, "answered 500", again_at, since)


# where it stands


def test_it_begins_once():
    given(DELIVERY).when(BeginDelivery(ID, 40)).then(BEGUN).when(BeginDelivery(ID, 99)).then_nothing()


def test_what_goes_out_at_once_moves_only_the_position():
    after = AT_WORK.when(record(sent(), sent(TWO))).then(DeliveryAdvanced(50, UNTIL, 2))
    assert (after.state.position, after.state.open) == (50, {})


def test_nothing_to_record_is_not_recorded():
    AT_WORK.when(record(position=40)).then_nothing()


def test_it_never_goes_back():
    given(DELIVERY, BEGUN, TAKEN, FAILED).when(record(sent(since=NOW), position=0)).then(
        DeliverySettled(ONE, "sent"), DeliveryAdvanced(40, UNTIL, 1)
    )


# one worker at a time


def test_while_one_is_at_it_others_wait_until_its_time_is_up():
    other = TakeDelivery(ID, "other", UNTIL - 1, UNTIL + 60_000)
    AT_WORK.when(other).then_refused(IllegalTransition)
    later = replace(other, at=UNTIL)
    AT_WORK.when(later).then(DeliveryTaken("other", UNTIL + 60_000)).when(record(sent())).then_nothing()


def test_it_may_go_on_itself_and_let_go():
    AT_WORK.when(TakeDelivery(ID, "me", NOW, UNTIL + 1)).then(DeliveryTaken("me", UNTIL + 1))
    free = AT_WORK.when(ReleaseDelivery(ID, "me")).then(DeliveryReleased("me"))
    free.when(ReleaseDelivery(ID, "me")).then_nothing()
    free.when(TakeDelivery(ID, "other", NOW, UNTIL)).then(DeliveryTaken("other", UNTIL))
    AT_WORK.when(ReleaseDelivery(ID, "other")).then_nothing()


# what fails


def test_what_failed_is_tried_again_and_settled():
    once = AT_WORK.when(record(failed())).then(FAILED, DeliveryAdvanced(50, UNTIL, 0))
    assert (once.state.due(NOW + 4_999), list(once.state.due(NOW + 5_000))) == ({}, [ONE])
    twice = once.when(record(failed(NOW + 15_000, since=NOW), at=NOW + 5_000)).then(
        DeliveryFailed(ONE, 45, 2, NOW + 15_000, NOW + 5_000, "answered 500"), DeliveryAdvanced(50, UNTIL, 0)
    )
    assert twice.state.open[ONE].since == NOW
    done = twice.when(record(sent(since=NOW))).then(DeliverySettled(ONE, "sent"), DeliveryAdvanced(50, UNTIL, 1))
    assert done.state.open == {}


def test_pauses_double_up_to_eight_hours_and_fill_three_days():
    pauses = [pause_after(attempt) for attempt in range(1, 30)]
    assert pauses[:4] == [FIRST_PAUSE_MS, 10_000, 20_000, 40_000]
    assert pauses[-1] == LONGEST_PAUSE_MS
    within = [sum(pauses[:n]) for n in range(30) if sum(pauses[:n]) <= KEPT_MS]
    assert len(within) == 21  # attempts before one is given up, without jitter


@pytest.mark.parametrize(("late", "kept"), [(0, True), (1, False)])
def test_after_three_days_it_is_parked(late: int, kept: bool):
    again_at = NOW + KEPT_MS + late
    after = given(DELIVERY, BEGUN, TAKEN, FAILED)
    expected = (
        DeliveryFailed(ONE, 45, 2, again_at, NOW + 9, "answered 500")
        if kept
        else DeliveryParked(ONE, 45, 2, NOW, NOW + 9, "answered 500")
    )
    state = (
        after.when(record(failed(again_at, since=NOW), at=NOW + 9)).then(expected, DeliveryAdvanced(50, UNTIL, 0)).state
    )
    assert (ONE in state.open, ONE in state.parked) == (kept, not kept)


def test_what_is_hopeless_is_parked_at_once():
    AT_WORK.when(record(failed(0, "hopeless"))).then(
        DeliveryParked(ONE, 45, 1, NOW, NOW, "answered 500"), DeliveryAdvanced(50, UNTIL, 0)
    )


def test_when_there_is_nothing_to_send_the_log_says_why():
    skipped = Attempt(ONE, 45, "skipped", "erased")
    AT_WORK.when(record(skipped)).then(DeliverySkipped(ONE, "erased"), DeliveryAdvanced(50, UNTIL, 0))
    given(DELIVERY, BEGUN, TAKEN, FAILED).when(record(replace(skipped, since=NOW))).then(
        DeliverySettled(ONE, "skipped", "erased"), DeliveryAdvanced(50, UNTIL, 0)
    )


def full() -> tuple[DeliveryFailed, ...]:
    return tuple(replace(FAILED, event_id=f"ord_{n}/3", again_at=NOW + 900_000) for n in range(OPEN_MAX))


def test_while_too_many_wait_nothing_new_is_begun_until_the_other_side_is_back():
    stuck = given(DELIVERY, BEGUN, TAKEN, *full())
    assert stuck.state.room == 0
    back = stuck.when(record(sent("ord_7/3", NOW), position=40)).then(
        DeliverySettled("ord_7/3", "sent"), DeliveryHurried(NOW), DeliveryAdvanced(40, UNTIL, 1)
    )
    assert (back.state.room, len(back.state.due(NOW))) == (1, OPEN_MAX - 1)


# by hand


def test_it_is_sent_again_when_asked():
    asked = AT_WORK.when(AskDelivery(ID, ONE, 45, NOW)).then(DeliveryAsked(ONE, 45, NOW))
    assert list(asked.state.due(NOW)) == [ONE]
    given(DELIVERY, BEGUN, TAKEN, *full()).when(AskDelivery(ID, "ord_more/3", 45, NOW)).then_refused(LimitExceeded)


def test_what_is_asked_for_while_it_is_under_way_is_done_all_the_same():
    asked = AT_WORK.when(AskDelivery(ID, ONE, 45, NOW + 1)).then(DeliveryAsked(ONE, 45, NOW + 1))
    for attempt in (sent(), failed(), failed(kind="hopeless")):
        after = asked.when(record(attempt)).then(DeliveryAdvanced(50, UNTIL, int(attempt.kind == "sent")))
        assert list(after.state.due(NOW + 1)) == [ONE]
    asked.when(record(sent(since=NOW + 1))).then(DeliverySettled(ONE, "sent"), DeliveryAdvanced(50, UNTIL, 1))


@pytest.mark.parametrize("command", [RetryParked(ID, TWO, NOW), DropParked(ID, TWO)])
def test_only_what_is_parked_can_be_retried_or_dropped(command: Any):
    given(DELIVERY, BEGUN, PARKED).when(command).then_refused(NotFound)


def test_what_is_parked_gets_another_three_days_or_is_dropped():
    parked = given(DELIVERY, BEGUN, PARKED)
    again = parked.when(RetryParked(ID, ONE, NOW)).then(DeliveryAsked(ONE, 45, NOW))
    assert (again.state.parked, again.state.open[ONE].since, again.state.open[ONE].attempts) == ({}, NOW, 0)
    dropped = parked.when(DropParked(ID, ONE)).then(DeliveryDropped(ONE))
    assert dropped.state.parked == {}


def test_the_newest_parked_ones_are_remembered():
    state = given(DELIVERY, BEGUN, *(replace(PARKED, event_id=f"ord_{n}/3") for n in range(PARKED_MAX + 2))).state
    assert (len(state.parked), next(iter(state.parked))) == (PARKED_MAX, "ord_2/3")


def test_who_hurries_delays_nobody():
    early = given(DELIVERY, BEGUN, TAKEN, replace(FAILED, again_at=NOW + 1), DeliveryHurried(NOW + 2))
    assert early.state.open[ONE].again_at == NOW + 1
    late = given(DELIVERY, BEGUN, TAKEN, replace(FAILED, again_at=NOW + 3), DeliveryHurried(NOW + 2))
    assert late.state.open[ONE].again_at == NOW + 2


def test_one_that_waits_already_can_be_asked_for_though_there_is_no_room():
    full = [replace(FAILED, event_id=f"ord_{number}/1") for number in range(OPEN_MAX)]
    ask = AskDelivery(ID, "ord_0/1", 45, NOW)
    given(DELIVERY, BEGUN, TAKEN, *full).when(ask).then(DeliveryAsked("ord_0/1", 45, NOW))


def test_a_delivery_that_began_at_the_very_start_has_begun():
    first = given(DELIVERY).when(BeginDelivery(ID, 0)).then(DeliveryBegun(0))
    first.when(BeginDelivery(ID, 7)).then_nothing()


def test_the_rest_is_hurried_only_by_one_that_arrived():
    full = [replace(FAILED, event_id=f"ord_{number}/1") for number in range(OPEN_MAX)]
    given(DELIVERY, BEGUN, TAKEN, *full).when(record()).then(DeliveryAdvanced(50, UNTIL, 0))


def test_there_is_no_less_than_no_room():
    crowd = {str(number): Open(1, 1, NOW, NOW) for number in range(OPEN_MAX + 1)}
    assert Delivery(open=crowd).room == 0
