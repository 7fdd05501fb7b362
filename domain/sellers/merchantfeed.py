"""Merchant feeds: where a shop's rows come from by themselves. Stream ``mfd_<the shop's number>``, one for each shop.

A feed has a source, a schedule and a history of runs. A shop's feeds are few and looked at together, so their limit is
kept here. A run belongs to one worker until a stated instant; one that vanished is followed by another, which goes on
with the same run. Terms that change meanwhile are for the next one.
"""

from __future__ import annotations

from msgspec.structs import replace

from domain.decider import Command, Decider, Event
from domain.errors import IllegalTransition, LimitExceeded
from domain.sellers.feedstate import RUNS_MAX, Asked, Feed, Run, Running, ShopFeeds, feed_of
from domain.sellers.feedterms import FeedTerms, RunCounts, SourceMark, check_terms

FEEDS_MAX = 10

# events


class FeedPut(Event, frozen=True):
    name: str
    terms: FeedTerms
    at: int


class FeedPaused(Event, frozen=True):
    name: str
    at: int


class FeedResumed(Event, frozen=True):
    name: str
    at: int


class FeedDeleted(Event, frozen=True):
    name: str
    at: int


class RunAsked(Event, frozen=True):
    name: str
    run_id: str
    at: int
    anew: bool = False
    """Rows are compared with what is stored, whatever the feed is remembered to have said."""


class RunBegun(Event, frozen=True):
    name: str
    run_id: str
    worker: str
    at: int
    until: int


class RunRenewed(Event, frozen=True):
    name: str
    worker: str
    until: int


class RunFinished(Event, frozen=True):
    name: str
    run_id: str
    at: int
    outcome: str
    reason: str = ""
    counts: RunCounts = RunCounts()
    kept: int = 0
    """Rejected rows that are in the run's file."""
    mark: SourceMark = SourceMark()


# commands


class PutFeed(Command, frozen=True):
    feeds_id: str
    name: str
    terms: FeedTerms
    at: int


class PauseFeed(Command, frozen=True):
    feeds_id: str
    name: str
    at: int


class ResumeFeed(Command, frozen=True):
    feeds_id: str
    name: str
    at: int


class DeleteFeed(Command, frozen=True):
    feeds_id: str
    name: str
    at: int


class AskRun(Command, frozen=True):
    feeds_id: str
    name: str
    run_id: str
    at: int
    anew: bool = False


class BeginRun(Command, frozen=True):
    """``run_id`` is for a run nobody asked for."""

    feeds_id: str
    name: str
    run_id: str
    worker: str
    at: int
    until: int


class RenewRun(Command, frozen=True):
    """With ``until`` now, others may go on with it."""

    feeds_id: str
    name: str
    run_id: str
    worker: str
    until: int


class FinishRun(Command, frozen=True):
    feeds_id: str
    name: str
    run_id: str
    worker: str
    at: int
    outcome: str
    reason: str = ""
    counts: RunCounts = RunCounts()
    kept: int = 0
    mark: SourceMark = SourceMark()


# decide


def put(command: PutFeed, state: ShopFeeds) -> list[Event]:
    known = state.feeds.get(command.name)
    if known is not None and known.terms == command.terms:
        return []
    if known is None and len(state.feeds) >= FEEDS_MAX:
        raise LimitExceeded(f"a shop has at most {FEEDS_MAX} feeds; delete one first", limit=FEEDS_MAX)
    check_terms(command.terms)
    return [FeedPut(command.name, command.terms, command.at)]


def pause(command: PauseFeed, state: ShopFeeds) -> list[Event]:
    return [] if feed_of(state, command.name).paused else [FeedPaused(command.name, command.at)]


def resume(command: ResumeFeed, state: ShopFeeds) -> list[Event]:
    return [FeedResumed(command.name, command.at)] if feed_of(state, command.name).paused else []


def delete(command: DeleteFeed, state: ShopFeeds) -> list[Event]:
    feed_of(state, command.name)
    return [FeedDeleted(command.name, command.at)]


def ask(command: AskRun, state: ShopFeeds) -> list[Event]:
    """Also of a paused feed: pausing ends the schedule, not what its owner does by hand."""
    feed = feed_of(state, command.name)
    if feed.running is not None:
        raise IllegalTransition("a run of this feed is under way", runId=feed.running.run_id)
    if feed.asked is not None:
        raise IllegalTransition("a run of this feed is to begin already", runId=feed.asked.run_id)
    return [RunAsked(command.name, command.run_id, command.at, command.anew)]


def begin(command: BeginRun, state: ShopFeeds) -> list[Event]:
    """Nothing where somebody else is at it, or it is not due."""
    feed = state.feeds.get(command.name)
    if feed is None:
        return []
    running = feed.running
    if running is not None:
        if running.until > command.at:
            return []
        return [RunBegun(command.name, running.run_id, command.worker, running.begun_at, command.until)]
    due = feed.due_at()
    if not due or due > command.at:
        return []
    run_id = feed.asked.run_id if feed.asked is not None else command.run_id
    return [RunBegun(command.name, run_id, command.worker, command.at, command.until)]


def renew(command: RenewRun, state: ShopFeeds) -> list[Event]:
    if not _is_at_it(state, command.name, command.run_id, command.worker):
        raise IllegalTransition("this run has ended, or another worker is at it")
    return [RunRenewed(command.name, command.worker, command.until)]


def finish(command: FinishRun, state: ShopFeeds) -> list[Event]:
    """Nothing of a worker whose time was up."""
    if not _is_at_it(state, command.name, command.run_id, command.worker):
        return []
    told = (command.outcome, command.reason, command.counts, command.kept, command.mark)
    return [RunFinished(command.name, command.run_id, command.at, *told)]


def _is_at_it(state: ShopFeeds, name: str, run_id: str, worker: str) -> bool:
    feed = state.feeds.get(name)
    running = None if feed is None else feed.running
    return running is not None and (running.run_id, running.worker) == (run_id, worker)


# evolve


def _with(state: ShopFeeds, name: str, feed: Feed) -> ShopFeeds:
    return replace(state, feeds={**state.feeds, name: feed})


def feed_put(state: ShopFeeds, event: FeedPut) -> ShopFeeds:
    """Other terms say nothing of what the old source brought last, so nothing is known of the new one."""
    known = state.feeds.get(event.name)
    if known is None:
        return _with(state, event.name, Feed(event.terms, event.at, event.at))
    changed = replace(known, terms=event.terms, updated_at=event.at, version=known.version + 1, mark=SourceMark())
    return _with(state, event.name, changed)


def _paused(state: ShopFeeds, name: str, at: int, paused: bool) -> ShopFeeds:
    known = state.feeds.get(name)
    if known is None:
        return state
    return _with(state, name, replace(known, paused=paused, updated_at=at, version=known.version + 1))


def feed_deleted(state: ShopFeeds, event: FeedDeleted) -> ShopFeeds:
    return replace(state, feeds={name: feed for name, feed in state.feeds.items() if name != event.name})


def run_asked(state: ShopFeeds, event: RunAsked) -> ShopFeeds:
    known = state.feeds.get(event.name)
    if known is None:
        return state
    return _with(state, event.name, replace(known, asked=Asked(event.run_id, event.at, event.anew)))


def run_begun(state: ShopFeeds, event: RunBegun) -> ShopFeeds:
    known = state.feeds.get(event.name)
    if known is None:
        return state
    before = known.running or known.asked
    anew = before is not None and before.anew
    terms = known.running.terms if known.running is not None else known.terms
    running = Running(event.run_id, event.worker, event.at, event.until, terms, anew)
    return _with(state, event.name, replace(known, running=running, asked=None, begun_at=event.at))


def run_renewed(state: ShopFeeds, event: RunRenewed) -> ShopFeeds:
    known = state.feeds.get(event.name)
    if known is None or known.running is None:
        return state
    return _with(state, event.name, replace(known, running=replace(known.running, until=event.until)))


def run_finished(state: ShopFeeds, event: RunFinished) -> ShopFeeds:
    """What a run read by other terms than those of now tells nothing of what these would find there."""
    known = state.feeds.get(event.name)
    if known is None:
        return state
    begun = known.running.begun_at if known.running is not None else event.at
    changed = known.running is not None and known.running.terms != known.terms
    run = Run(event.run_id, begun, event.at, event.outcome, event.reason, event.counts, event.kept)
    runs = (*known.runs, run)[-RUNS_MAX:]
    mark = known.mark if changed else event.mark
    return _with(state, event.name, replace(known, running=None, runs=runs, mark=mark))


MERCHANT_FEEDS = Decider(
    name="merchantfeed",
    initial=ShopFeeds(),
    states=ShopFeeds,
    generation=2,
    decisions={
        PutFeed: put,
        PauseFeed: pause,
        ResumeFeed: resume,
        DeleteFeed: delete,
        AskRun: ask,
        BeginRun: begin,
        RenewRun: renew,
        FinishRun: finish,
    },
    evolutions={
        FeedPut: feed_put,
        FeedPaused: lambda state, event: _paused(state, event.name, event.at, True),
        FeedResumed: lambda state, event: _paused(state, event.name, event.at, False),
        FeedDeleted: feed_deleted,
        RunAsked: run_asked,
        RunBegun: run_begun,
        RunRenewed: run_renewed,
        RunFinished: run_finished,
    },
)
