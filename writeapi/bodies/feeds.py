"""Bodies and answers of the commands about merchants' feeds and what merchants push."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, StrictBool, StrictInt

from domain.errors import Invalid
from domain.sellers.feedterms import COLUMNS_MAX, EVERY_MAX, SOURCE_MAX, FeedTerms
from readapi.edge.schemas import ONE_LINE
from readapi.edge.validation import told
from readapi.shapes.shape import Shape
from readapi.shown.merchantfeeds import NAME, RUN_ID, RunCountsOut
from streams.merchantfeeds.columns import require_field
from streams.merchantfeeds.sources import Rules, require_source
from writeapi.bodies.replies import CommandReply
from writeapi.requests import Body

FEED_NAME = told(r"^[a-z0-9][a-z0-9-]{0,39}$", "at most 40 small letters, digits and hyphens, a hyphen not first")
_CSV: dict[str, Any] = {
    "what": "offers",
    "source": "https://feeds.example/prices.csv",
    "format": "csv",
    "columns": {"sku": "Article", "price": "Price", "currency": "=EUR"},
    "delimiter": ";",
    "encoding": "windows-1252",
    "schedule": {"everyMinutes": 60},
}
Column = Annotated[str, Field(min_length=1, max_length=200), ONE_LINE]


class Schedule(Body):
    """One of the two."""

    every_minutes: Annotated[StrictInt, Field(ge=1, le=EVERY_MAX)] | None = None
    daily_at: (
        Annotated[
            str,
            Field(pattern=told("^([01][0-9]|2[0-3]):[0-5][0-9]$", "a time of day such as 03:30"), examples=["03:30"]),
        ]
        | None
    ) = None


class FeedIn(Body):
    """``columns`` are of a CSV, field to column; ``=`` begins a value that is every row's. Without ``schedule`` a feed
    runs when it is asked to."""

    model_config = ConfigDict(json_schema_extra={"examples": [_CSV]})

    what: Literal["products", "offers", "stock"]
    source: Annotated[
        str,
        Field(min_length=1, max_length=SOURCE_MAX, description="https://…, or file: and a name in the shop's folder"),
        ONE_LINE,
    ]
    format: Literal["ndjson", "csv"] = "ndjson"
    columns: Annotated[dict[Column, Column], Field(max_length=COLUMNS_MAX)] = {}
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] = ","
    encoding: Literal["utf-8", "iso-8859-1", "windows-1252"] = "utf-8"
    decimal: Annotated[
        Literal[".", ","], Field(description="of a CSV: what stands before the fraction of a number, as in 1.250,75")
    ] = "."
    schedule: Schedule | None = None
    complete: Annotated[
        StrictBool, Field(description="offers and stock: what is not listed any more is withdrawn or counted as none")
    ] = False

    def terms(self, rules: Rules) -> FeedTerms:
        """Raises Invalid."""
        require_source(self.source, rules)
        for field in self.columns:
            require_field(self.what, field, "/columns")
        every, daily_at = 0, -1
        if self.schedule is not None:
            if (self.schedule.every_minutes is None) == (self.schedule.daily_at is None):
                raise Invalid("either everyMinutes or dailyAt", "/schedule")
            every = self.schedule.every_minutes or 0
            if self.schedule.daily_at is not None:
                hours, minutes = self.schedule.daily_at.split(":")
                daily_at = int(hours) * 60 + int(minutes)
        return FeedTerms(
            self.what,
            self.source,
            self.format,
            self.columns,
            self.delimiter,
            self.encoding,
            every,
            daily_at,
            self.complete,
            self.decimal,
        )


class RunIn(Body):
    model_config = ConfigDict(json_schema_extra={"examples": [{"anew": True}]})

    anew: Annotated[
        StrictBool, Field(description="compare every row with what is stored, whatever it was in the last run")
    ] = False


class FeedReply(CommandReply):
    name: str = NAME


class RunReply(Shape):
    run_id: str = RUN_ID
    position: str = Field(description="opaque; where the log stands", examples=["4711"])


class PushSecretReply(CommandReply):
    secret: str = Field(
        description="signs what is pushed; told this once", examples=["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"]
    )


class RejectedRow(Shape):
    row: int = Field(description="which of the message, from 1", examples=[1])
    reason: str = Field(examples=["no product has this SKU"])
    pointer: str | None


class PushReply(Shape):
    duplicate: bool = Field(description="the message came before; nothing of it was looked at")
    counts: RunCountsOut
    rejected: list[RejectedRow]
    position: str = Field(description="opaque; where the log stands", examples=["4711"])
