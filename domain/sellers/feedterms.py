"""What a merchant says about a feed, and what a run of one came to."""

from __future__ import annotations

from domain.decider import Event
from domain.errors import Invalid

SOURCE_MAX = 2_000
COLUMNS_MAX = 100
EVERY_MAX = 7 * 24 * 60
DAY_MINUTES = 24 * 60
KINDS = ("products", "offers", "stock")
FORMATS = ("ndjson", "csv")
DECIMALS = (".", ",")
ENCODINGS = ("utf-8", "iso-8859-1", "windows-1252")
DONE, SAME, CUT_OFF, FAILED = "done", "same", "cut_off", "failed"
"""How a run ends: the whole source was read; it was as before; its end was missing; nothing could be had of it."""


class FeedTerms(Event, frozen=True):
    """Everything a merchant says about a feed."""

    what: str
    source: str
    """``https://…``, or ``file:`` and a name in the shop's folder."""
    format: str = "ndjson"
    columns: dict[str, str] = {}
    """Of a CSV: field to column; without any, columns are called like fields."""
    delimiter: str = ","
    encoding: str = "utf-8"
    every: int = 0
    """Minutes from one run's beginning to the next; 0 for no such schedule."""
    daily_at: int = -1
    """Minutes after midnight, UTC; -1 for no such schedule."""
    complete: bool = False
    """What a feed brought before and does not list any more is withdrawn, once the whole of it was read."""
    decimal: str = "."
    """Of a CSV: what stands before the fraction of a number; of the two the other is between thousands."""


class RunCounts(Event, frozen=True):
    read: int = 0
    changed: int = 0
    unchanged: int = 0
    rejected: int = 0
    withdrawn: int = 0


class SourceMark(Event, frozen=True):
    """By what the source is known again; empty where it says nothing, or rejected rows are to be tried again."""

    etag: str = ""
    modified: str = ""
    digest: str = ""


def check_terms(terms: FeedTerms) -> None:
    """Raises Invalid."""
    choices = (
        (terms.what, KINDS, "/what"),
        (terms.format, FORMATS, "/format"),
        (terms.encoding, ENCODINGS, "/encoding"),
        (terms.decimal, DECIMALS, "/decimal"),
    )
    for value, known, pointer in choices:
        if value not in known:
            raise Invalid(f"one of {', '.join(known)}", pointer)
    if not 1 <= len(terms.source) <= SOURCE_MAX:
        raise Invalid(f"1 to {SOURCE_MAX} characters", "/source")
    if len(terms.columns) > COLUMNS_MAX:
        raise Invalid(f"at most {COLUMNS_MAX} columns", "/columns")
    if terms.format != "csv" and terms.columns:
        raise Invalid("only a CSV has columns", "/columns")
    if len(terms.delimiter) != 1 or terms.delimiter in '"\r\n':
        raise Invalid("one character that is no quote and ends no line", "/delimiter")
    _check_schedule(terms)
    if terms.complete and terms.what == "products":
        raise Invalid(
            "a product cannot come back once it is discontinued; declare offers or stock complete", "/complete"
        )


def _check_schedule(terms: FeedTerms) -> None:
    if not 0 <= terms.every <= EVERY_MAX:
        raise Invalid(f"1 to {EVERY_MAX} minutes", "/schedule/everyMinutes")
    if not -1 <= terms.daily_at < DAY_MINUTES:
        raise Invalid("a time of the day", "/schedule/dailyAt")
    if terms.every and terms.daily_at >= 0:
        raise Invalid("either every so many minutes or once a day", "/schedule")
