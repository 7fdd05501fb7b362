"""What a person sees: messages, progress bars, logs. Programs get one JSON object a line."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from time import monotonic
from typing import NoReturn, Protocol

import structlog
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.prompt import Confirm
from rich.table import Table
from structlog.typing import Processor

from kontor.libraries import Forwarding

# What is printed comes from files, logs and clients: brackets and colons in it mean themselves.
out = Console(highlight=False, soft_wrap=True, markup=False, emoji=False)
err = Console(stderr=True, highlight=False, soft_wrap=True, markup=False, emoji=False)

LINE_MAX = 10_000
"""Columns that a row may take where no screen ends."""


def fail(message: str, code: int = 1) -> NoReturn:
    err.print(f"kontor: {message}", style="red" if err.is_terminal else None, markup=False)
    raise SystemExit(code)


def table(content: Table) -> None:
    """Nothing is cut off: a terminal folds what is too wide for it, and elsewhere each row is one line."""
    for column in content.columns:
        column.overflow = "fold"
    if out.is_terminal:
        out.print(content, soft_wrap=False)
    else:
        Console(file=out.file, width=LINE_MAX, highlight=False, markup=False, emoji=False).print(content)


def tell(what: str, event: str, message: str, **more: str | int) -> None:
    """What a process that goes on has to say of itself: text on a terminal, elsewhere a line as its other logs are."""
    if err.is_terminal:
        err.print(f"{what}: {message}", markup=False)
    else:
        structlog.get_logger(what).info(event, service=what, message=message, **more)


def confirmed(question: str) -> bool:
    """What a person answers; no, where nobody can be asked."""
    if not sys.stdin.isatty():
        fail(f"{question} Say so with --yes", 2)
    return Confirm.ask(question, console=err, default=False)


def configure_logs(level: str) -> None:
    """Readable on a terminal, JSON lines elsewhere; to standard error, so that output can be piped."""
    terminal = sys.stderr.isatty()
    # Never with local variables: they hold what clients sent.
    plain = structlog.processors.ExceptionRenderer(structlog.tracebacks.ExceptionDictTransformer(show_locals=False))
    if terminal:
        rendering: list[Processor] = [structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)]
    else:
        rendering = [plain, structlog.processors.JSONRenderer()]
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *rendering,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(handlers=[Forwarding()], level=logging.WARNING, force=True)


class Bar(Protocol):
    def __call__(self, done: int, also: str = "") -> None:
        """``also`` stands beside the rate."""


@contextmanager
def progress(title: str, total: int | None, unit: str) -> Iterator[Bar]:
    """A progress bar with rate and time left; off a terminal, a line of JSON every tenth of the way."""
    if not err.is_terminal:
        yield _lines(title, total, unit)
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=err, transient=False) as bar:
        task = bar.add_task(title, total=total, rate="")

        def update(done: int, also: str = "") -> None:
            speed = bar.tasks[task].speed
            bar.update(task, completed=done, rate=f"{speed:,.0f} {unit}/s {also}" if speed else "")

        yield update


def _lines(title: str, total: int | None, unit: str) -> Bar:
    """Written here and not through the logs, whose level may hide them, and which some commands have none of."""
    shown, began = -1, monotonic()

    def update(done: int, also: str = "") -> None:
        nonlocal shown
        tenth = done * 10 // total if total else done // 10_000
        if tenth > shown:
            shown = tenth
            seconds = monotonic() - began
            rate = done / seconds if done and seconds > 0 else None
            words = f"{title}: {done}" + (f" of {total}" if total else "")
            words += (f", {rate:,.0f} {unit}/s" if rate else "") + (f", {also}" if also else "")
            line = {
                "message": words,
                "done": done,
                "total": total,
                "unit": unit,
                "perSecond": round(rate) if rate else None,
                "secondsLeft": round((total - done) / rate, 1) if rate and total else None,
                "event": "progress",
                "level": "info",
                "timestamp": datetime.now(UTC).isoformat().replace("+00:00", "Z"),
            }
            err.print(json.dumps(line), markup=False)

    return update
