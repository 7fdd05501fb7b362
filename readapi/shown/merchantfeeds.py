"""Merchants' feeds as their owners see them, and the shapes of those answers for the OpenAPI document."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from domain.instants import instant
from domain.sellers.feedstate import Feed, Run
from domain.sellers.feedterms import FeedTerms, RunCounts
from readapi.shapes.shape import Listed, Shape

RUN_ID = Field(examples=["run_01KARQ0000ABCDEFGHJKMNPQRS"])
NAME = Field(examples=["prices"])


class FeedSchedule(Shape):
    every_minutes: int | None = None
    daily_at: str | None = Field(None, description="UTC", examples=["03:30"])


class RunCountsOut(Shape):
    read: int = Field(description="rows", examples=[100_000])
    changed: int = Field(description="of which something became an event", examples=[10_000])
    unchanged: int = Field(examples=[89_990])
    rejected: int = Field(examples=[10])
    withdrawn: int = Field(description="not listed any more by a feed that is complete", examples=[0])


class FeedRunOut(Shape):
    run_id: str = RUN_ID
    status: Literal["waiting", "running", "done", "same", "cut_off", "failed"] = Field(
        description="`waiting`: it was asked for, and no worker has begun it; `same`: the source was as before; "
        "`cut_off`: its end was missing, what was whole was taken"
    )
    reason: str | None = Field(description="why it was cut off or failed, or nothing was withdrawn")
    counts: RunCountsOut = Field(description="of a run that goes on: nothing yet")
    rejected_rows: int = Field(description="that can be fetched; at most 10,000 are kept")
    begun_at: datetime = Field(description="of a run that waits: when it was asked for")
    finished_at: datetime | None


class FeedRunList(Listed):
    items: list[FeedRunOut]


class FeedOut(Shape):
    name: str = NAME
    what: Literal["products", "offers", "stock"]
    source: str = Field(examples=["https://feeds.example/prices.csv"])
    format: Literal["ndjson", "csv"]
    columns: dict[str, str]
    delimiter: str
    encoding: str
    decimal: Literal[".", ","]
    schedule: FeedSchedule | None
    complete: bool
    status: Literal["active", "paused"]
    next_run_at: datetime | None = Field(description="null while one is under way, or none is to come")
    last_run: FeedRunOut | None
    created_at: datetime
    updated_at: datetime
    version: int = Field(examples=[1])


class FeedList(Listed):
    items: list[FeedOut]


def feed_json(name: str, feed: Feed) -> dict[str, Any]:
    terms = feed.terms
    runs = runs_json(feed)
    due = 0 if feed.running is not None else feed.due_at()
    return {
        "name": name,
        "what": terms.what,
        "source": terms.source,
        "format": terms.format,
        "columns": terms.columns,
        "delimiter": terms.delimiter,
        "encoding": terms.encoding,
        "decimal": terms.decimal,
        "schedule": _schedule(terms),
        "complete": terms.complete,
        "status": "paused" if feed.paused else "active",
        "nextRunAt": instant(due) if due else None,
        "lastRun": runs[0] if runs else None,
        "createdAt": instant(feed.created_at),
        "updatedAt": instant(feed.updated_at),
        "version": feed.version,
    }


def _schedule(terms: FeedTerms) -> dict[str, Any] | None:
    if terms.every:
        return {"everyMinutes": terms.every, "dailyAt": None}
    if terms.daily_at >= 0:
        return {"everyMinutes": None, "dailyAt": f"{terms.daily_at // 60:02}:{terms.daily_at % 60:02}"}
    return None


def runs_json(feed: Feed) -> list[dict[str, Any]]:
    """The newest first."""
    under_way = [] if feed.asked is None else [_going_on(feed.asked.run_id, "waiting", feed.asked.at)]
    under_way += [] if feed.running is None else [_going_on(feed.running.run_id, "running", feed.running.begun_at)]
    return under_way + [_run(run) for run in reversed(feed.runs)]


def _going_on(run_id: str, status: str, at: int) -> dict[str, Any]:
    return {
        "runId": run_id,
        "status": status,
        "reason": None,
        "counts": counts_json(RunCounts()),
        "rejectedRows": 0,
        "begunAt": instant(at),
        "finishedAt": None,
    }


def _run(run: Run) -> dict[str, Any]:
    return {
        "runId": run.run_id,
        "status": run.outcome,
        "reason": run.reason or None,
        "counts": counts_json(run.counts),
        "rejectedRows": run.kept,
        "begunAt": instant(run.begun_at),
        "finishedAt": instant(run.finished_at),
    }


def counts_json(counts: RunCounts) -> dict[str, int]:
    return {name: getattr(counts, name) for name in counts.__struct_fields__}
