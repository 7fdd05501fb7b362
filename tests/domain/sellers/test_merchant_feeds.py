"""A shop's feeds: what may be said of one, when a run is due, and that one worker at a time is at it."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from domain.decider import Event
from domain.errors import IllegalTransition, Invalid, LimitExceeded, NotFound
from domain.sellers.feedstate import DAY_MS, RUNS_MAX, Feed, feeds_id, shop_of
from domain.sellers.feedterms import DONE, EVERY_MAX, FAILED, FeedTerms, RunCounts, SourceMark
from domain.sellers.merchantfeed import (
    FEEDS_MAX,
    MERCHANT_FEEDS,
    AskRun,
    BeginRun,
    DeleteFeed,
    FeedDeleted,
    FeedPaused,
    FeedPut,
    FeedResumed,
    FinishRun,
    PauseFeed,
    PutFeed,
    RenewRun,
    ResumeFeed,
    RunAsked,
    RunBegun,
    RunFinished,
    RunRenewed,
)
from tests.spec import Given, given

ID = "mfd_01K"
MIDNIGHT = 20_000 * DAY_MS
AT = MIDNIGHT + 10 * 3_600_000
MINUTE = 60_000
TERMS = FeedTerms("offers", "https://feeds.example/prices.ndjson", every=60)
PUT = FeedPut("prices", TERMS, AT)
BEGUN = RunBegun("prices", "run_1", "one", AT, AT + MINUTE)
MARK = SourceMark('"v1"')
COUNTS = RunCounts(10, 1, 8, 1)
FINISHED = RunFinished("prices", "run_1", AT + 5, DONE, "", COUNTS, 1, MARK)


def feeds(*events: Event) -> Given:
    return given(MERCHANT_FEEDS, *events)


def begin(at: int = AT, run: str = "run_2", worker: str = "two") -> BeginRun:
    return BeginRun(ID, "prices", run, worker, at, at + MINUTE)


def test_a_shop_and_its_feeds_have_the_same_number():
    assert (feeds_id("shp_01K"), shop_of("mfd_01K")) == ("mfd_01K", "shp_01K")


# terms


def test_a_feed_is_put_and_changed_and_the_same_again_changes_nothing():
    paused = feeds().when(PutFeed(ID, "prices", TERMS, AT)).then(PUT)
    paused.when(PutFeed(ID, "prices", TERMS, AT + 1)).then_nothing()
    other = replace(TERMS, every=30)
    after = paused.when(PutFeed(ID, "prices", other, AT + 1)).then(FeedPut("prices", other, AT + 1))
    feed: Feed = after.state.feeds["prices"]
    assert (feed.version, feed.created_at, feed.updated_at, feed.terms.every) == (2, AT, AT + 1, 30)


def test_other_terms_know_nothing_of_what_the_old_source_brought():
    feed: Feed = feeds(PUT, BEGUN, FINISHED, FeedPut("prices", replace(TERMS, source="file:a"), AT + 9)).state.feeds[
        "prices"
    ]
    assert feed.mark == SourceMark()
    assert [run.run_id for run in feed.runs] == ["run_1"]


OTHER = replace(TERMS, source="file:a")


def test_what_changes_while_a_run_is_under_way_is_for_the_next_one():
    feed: Feed = feeds(PUT, BEGUN, FeedPut("prices", OTHER, AT + 1), replace(BEGUN, worker="two")).state.feeds["prices"]
    assert (feed.terms, feed.running.terms) == (OTHER, TERMS)


def test_a_run_by_old_terms_says_nothing_of_what_the_new_ones_would_find():
    other, back = FeedPut("prices", OTHER, AT + 1), FeedPut("prices", TERMS, AT + 2)
    assert feeds(PUT, BEGUN, other, FINISHED).state.feeds["prices"].mark == SourceMark()
    assert feeds(PUT, BEGUN, other, back, FINISHED).state.feeds["prices"].mark == MARK
    assert feeds(PUT, BEGUN, other, FINISHED, BEGUN, FINISHED).state.feeds["prices"].mark == MARK


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"what": "people"}, "/what"),
        ({"format": "xml"}, "/format"),
        ({"encoding": "utf-16"}, "/encoding"),
        ({"source": ""}, "/source"),
        ({"source": "x" * 2_001}, "/source"),
        ({"columns": {"sku": "A"}}, "/columns"),
        ({"format": "csv", "columns": {str(n): "A" for n in range(101)}}, "/columns"),
        ({"delimiter": ""}, "/delimiter"),
        ({"delimiter": ";;"}, "/delimiter"),
        ({"delimiter": '"'}, "/delimiter"),
        ({"delimiter": "\n"}, "/delimiter"),
        ({"every": -1}, "/schedule/everyMinutes"),
        ({"every": EVERY_MAX + 1}, "/schedule/everyMinutes"),
        ({"every": 0, "daily_at": 1440}, "/schedule/dailyAt"),
        ({"every": 0, "daily_at": -2}, "/schedule/dailyAt"),
        ({"daily_at": 0}, "/schedule"),
        ({"what": "products", "complete": True}, "/complete"),
    ],
)
def test_terms_that_mean_nothing_are_refused(change: dict[str, Any], pointer: str):
    refused = feeds().when(PutFeed(ID, "prices", replace(TERMS, **change), AT)).then_refused(Invalid)
    assert refused.pointer == pointer


@pytest.mark.parametrize(
    "change",
    [
        {"every": EVERY_MAX},
        {"every": 0},
        {"every": 0, "daily_at": 0},
        {"every": 0, "daily_at": 1439},
        {"format": "csv", "delimiter": "\t", "columns": {str(n): "A" for n in range(100)}},
        {"what": "stock", "complete": True},
        {"source": "x" * 2_000},
    ],
)
def test_terms_at_their_limits_are_accepted(change: dict[str, Any]):
    terms = replace(TERMS, **change)
    feeds().when(PutFeed(ID, "prices", terms, AT)).then(FeedPut("prices", terms, AT))


def test_a_shop_has_a_few_feeds():
    full = [FeedPut(f"feed-{n}", TERMS, AT) for n in range(FEEDS_MAX)]
    feeds(*full[1:]).when(PutFeed(ID, "prices", TERMS, AT)).then(PUT)
    feeds(*full).when(PutFeed(ID, "prices", TERMS, AT)).then_refused(LimitExceeded)
    changed = replace(TERMS, every=5)
    feeds(*full).when(PutFeed(ID, "feed-0", changed, AT)).then(FeedPut("feed-0", changed, AT))


def test_pausing_and_resuming():
    paused = feeds(PUT).when(PauseFeed(ID, "prices", AT)).then(FeedPaused("prices", AT))
    paused.when(PauseFeed(ID, "prices", AT)).then_nothing()
    again = paused.when(ResumeFeed(ID, "prices", AT)).then(FeedResumed("prices", AT))
    again.when(ResumeFeed(ID, "prices", AT)).then_nothing()
    assert again.state.feeds["prices"].version == 3


@pytest.mark.parametrize("command", [PauseFeed, ResumeFeed, DeleteFeed])
def test_what_is_not_there_is_not_found(command: Any):
    feeds().when(command(ID, "prices", AT)).then_refused(NotFound)


def test_a_deleted_feed_is_gone_with_its_history_and_its_run():
    gone = feeds(PUT, BEGUN).when(DeleteFeed(ID, "prices", AT)).then(FeedDeleted("prices", AT))
    assert gone.state.feeds == {}
    gone.when(RenewRun(ID, "prices", "run_1", "one", AT)).then_refused(IllegalTransition)
    gone.when(FinishRun(ID, "prices", "run_1", "one", AT, DONE)).then_nothing()
    gone.when(begin()).then_nothing()


# when


def test_a_new_feed_is_due_at_once_and_then_every_so_many_minutes():
    feeds(PUT).when(begin(AT - 1)).then_nothing()
    feeds(PUT).when(begin(AT)).then(RunBegun("prices", "run_2", "two", AT, AT + MINUTE))
    feeds(PUT, BEGUN, FINISHED).when(begin(AT + 60 * MINUTE - 1)).then_nothing()
    at = AT + 60 * MINUTE
    feeds(PUT, BEGUN, FINISHED).when(begin(at)).then(RunBegun("prices", "run_2", "two", at, at + MINUTE))


@pytest.mark.parametrize(
    ("daily_at", "due"),
    [(9 * 60, MIDNIGHT + DAY_MS + 9 * 60 * MINUTE), (11 * 60, MIDNIGHT + 11 * 60 * MINUTE), (600, AT + DAY_MS)],
)
def test_a_daily_feed_is_due_at_its_next_time_of_day(daily_at: int, due: int):
    put = FeedPut("prices", replace(TERMS, every=0, daily_at=daily_at), AT)
    assert feeds(put).state.feeds["prices"].due_at() == due
    begun = RunBegun("prices", "run_1", "one", due, due + MINUTE)
    finished = replace(FINISHED, at=due + 1)
    assert feeds(put, begun, finished).state.feeds["prices"].due_at() == due + DAY_MS


def test_neither_a_paused_feed_nor_one_without_a_schedule_is_ever_due_unless_its_owner_asks():
    by_hand = FeedPut("prices", replace(TERMS, every=0), AT)
    for known in (feeds(PUT, FeedPaused("prices", AT)), feeds(by_hand)):
        known.when(begin(AT + 10 * DAY_MS)).then_nothing()
        asked = known.when(AskRun(ID, "prices", "run_9", AT, True)).then(RunAsked("prices", "run_9", AT, True))
        begun = asked.when(begin(AT)).then(RunBegun("prices", "run_9", "two", AT, AT + MINUTE))
        assert begun.state.feeds["prices"].running.anew
        assert begun.state.feeds["prices"].asked is None


def test_a_run_is_asked_for_once():
    asked = feeds(PUT).when(AskRun(ID, "prices", "run_9", AT)).then(RunAsked("prices", "run_9", AT))
    asked.when(AskRun(ID, "prices", "run_8", AT)).then_refused(IllegalTransition)
    feeds(PUT, BEGUN).when(AskRun(ID, "prices", "run_9", AT)).then_refused(IllegalTransition)
    feeds().when(AskRun(ID, "prices", "run_9", AT)).then_refused(NotFound)


# who


def test_one_worker_is_at_a_run_and_another_goes_on_with_it_when_its_time_is_up():
    feeds(PUT, BEGUN).when(begin(AT + MINUTE - 1)).then_nothing()
    at = AT + MINUTE
    taken = feeds(PUT, BEGUN).when(begin(at)).then(RunBegun("prices", "run_1", "two", AT, at + MINUTE))
    taken.when(RenewRun(ID, "prices", "run_1", "one", at)).then_refused(IllegalTransition)
    taken.when(FinishRun(ID, "prices", "run_1", "one", at, DONE)).then_nothing()
    finished = RunFinished("prices", "run_1", at, DONE)
    taken.when(FinishRun(ID, "prices", "run_1", "two", at, DONE)).then(finished)


def test_a_worker_that_is_slow_says_so():
    later = AT + 5 * MINUTE
    renewed = feeds(PUT, BEGUN).when(RenewRun(ID, "prices", "run_1", "one", later))
    longer = renewed.then(RunRenewed("prices", "one", later))
    longer.when(begin(later - 1)).then_nothing()


def test_a_run_that_was_to_compare_anew_still_does_when_another_goes_on_with_it():
    known = feeds(PUT, RunAsked("prices", "run_1", AT, True), BEGUN, replace(BEGUN, worker="two"))
    assert known.state.feeds["prices"].running.anew


def test_how_a_run_ended_is_remembered():
    finish = FinishRun(ID, "prices", "run_1", "one", AT + 5, DONE, "", COUNTS, 1, MARK)
    known: Feed = feeds(PUT, BEGUN).when(finish).then(FINISHED).state.feeds["prices"]
    assert known.running is None
    assert known.mark == MARK
    [run] = known.runs
    assert (run.begun_at, run.finished_at, run.outcome, run.counts, run.kept) == (AT, AT + 5, DONE, COUNTS, 1)


def test_the_newest_runs_are_remembered():
    events: list[Event] = [PUT]
    for number in range(RUNS_MAX + 5):
        events += [replace(BEGUN, run_id=f"run_{number}"), RunFinished("prices", f"run_{number}", AT, FAILED, "away")]
    runs = feeds(*events).state.feeds["prices"].runs
    assert [run.run_id for run in runs] == [f"run_{n}" for n in range(5, RUNS_MAX + 5)]


def test_events_of_a_feed_that_is_gone_change_nothing():
    late = (FeedPaused("prices", AT), RunAsked("prices", "r", AT), BEGUN, RunRenewed("prices", "one", AT), FINISHED)
    assert feeds(*late).state.feeds == {}
