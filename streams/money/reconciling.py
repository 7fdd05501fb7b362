"""Reconciling: the provider's account of the money against the log's, and what becomes of the differences.

    the provider's movements ──→ Statement ──┐
                                             ├─ differences (domain/books/reconciliation.py) ──→ difference.found, once
    the log ──→ books.db (what we know) ─────┘

What the log still waits for is asked of the provider and recorded first, by the payment process's one completion path.
A difference that is looked for and not found any more is settled by that.
"""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from commands.context import Context, system_context
from commands.engine import Engine
from commands.errors import UnreadableStream
from commands.store.port import EventLog
from domain.books.difference import Difference, FindDifference, KnownDifference, SettleDifference, difference_id
from domain.books.orderbooks import Books
from domain.books.reconciliation import Movement, Window, differences, disputed, in_doubt
from domain.errors import DomainError
from projections.books.projector import BOOK_ROWS, BOOKS
from projections.differences.projector import DIFFERENCE_ROWS, DIFFERENCES
from projections.sqlite import SQLiteViews
from projections.views import Entry, Place
from streams.gateways.port import GatewayError, GatewayTimeout, Outcome
from streams.money.payments import PaymentProcess
from streams.money.statement import Statement
from streams.views.follower import Follower

BORDER_MS = 3_600_000
"""How far apart the two sides' clocks and callbacks may put the same movement."""
GRACE_MS = 5_000
"""An order that moved a moment ago is under way; it is compared the next time."""
FOUND_MAX = 10_000
PAGE = 500
LAST = "\U0010ffff"
"""After any key."""
GONE = "Looked for again, and not found any more."

log = structlog.get_logger("reconciling")


class TooManyDifferences(Exception):
    """So many that the statement must be of another shop, or the log of another time. Nothing was written."""


@dataclass(slots=True)
class Reconciled:
    """What a reconciliation came to."""

    until: int = 0
    orders: int = 0
    movements: int = 0
    fees: dict[str, int] = field(default_factory=dict)
    completed: int = 0
    """Outcomes that the log waited for and the provider knew."""
    unanswered: int = 0
    """Outcomes of which the provider could not be asked."""
    found: int = 0
    """Differences that nobody knew of."""
    gone: int = 0
    open: list[tuple[str, KnownDifference]] = field(default_factory=list)
    """All that are not settled, those of earlier times too."""


class Reconciler:
    """Folds what it needs of the log into ``file``, going on from where it, or another process, was.

    Methods raise GatewayError and GatewayTimeout when the provider does not answer, TooManyDifferences, WritePathError.
    """

    def __init__(self, event_log: EventLog, engine: Engine, payments: PaymentProcess, file: Path) -> None:
        self._log = event_log
        self._engine = engine
        self._payments = payments
        self._file = file

    async def with_provider(self, since: int = 0, grace: int = GRACE_MS) -> Reconciled:
        """With what the provider itself says of the time from ``since`` (ms) on."""
        with closing(SQLiteViews(self._file, (BOOKS, DIFFERENCES))) as views:
            run = _Run(self._log, self._engine, self._payments, views, grace)
            await run.catch_up()
            await run.ask_for_verdicts()
            # Differences that are open are looked for again, however old they are.
            oldest = [row.what.at - 2 * BORDER_MS for _, row in await run.known_open()]
            since = max(0, min([since, *oldest]))
            window = Window(since, run.now, BORDER_MS if since else 0)
            return await run.compare(self._payments.gateway.settlement(since), window, 0)

    async def with_statement(
        self, movements: AsyncIterable[Movement], border: int = BORDER_MS, grace: int = GRACE_MS
    ) -> Reconciled:
        """With a statement from elsewhere, about the time from its first movement to its last."""
        with closing(SQLiteViews(self._file, (BOOKS, DIFFERENCES))) as views:
            run = _Run(self._log, self._engine, self._payments, views, grace)
            return await run.compare(movements, None, border)


class _Run:
    def __init__(
        self, event_log: EventLog, engine: Engine, payments: PaymentProcess, views: SQLiteViews, grace: int
    ) -> None:
        self.now = engine.clock()
        self._log = event_log
        self._engine = engine
        self._payments = payments
        self._views = views
        self._follower = Follower(event_log, views)
        self._under_way_since = self.now - grace
        self._skipped: set[str] = set()
        self._result = Reconciled()
        self._differences: dict[str, Difference] = {}

    async def catch_up(self) -> None:
        if max(self._views.positions().values()) > await self._log.head():
            self._views.reset()  # of another log, such as an older backup of it
        await self._follower.catch_up()

    async def known_open(self) -> list[tuple[str, KnownDifference]]:
        found = await self._views.listed(DIFFERENCE_ROWS.name, "status", "open", limit=FOUND_MAX)
        return [(key, row.difference) for key, row in found]

    async def ask_for_verdicts(self) -> None:
        """Of disputes that the log has as open: one that was lost moves no money, so no statement tells of it."""
        place: Place | None = None
        while True:
            found = await self._views.listed(BOOK_ROWS.name, "disputed", "open", limit=PAGE, after=place)
            for entry in found:
                await self._look_into(entry.row.books, [])
            if len(found) < PAGE:
                break
            place = Place(0, found[-1].key)
        await self.catch_up()

    async def compare(self, movements: AsyncIterable[Movement], window: Window | None, border: int) -> Reconciled:
        with closing(Statement()) as statement:
            await statement.take_in(movements)
            await self.catch_up()
            window = window or Window(statement.first, statement.last + 1, border, border)
            async for entry in self._moved(window.since - window.early):
                await self._order(entry.key, entry.row.books, statement.take_out(entry.key), window)
            for some in statement.orders():
                known = await self._views.get_many(BOOK_ROWS.name, some)
                for order_id in some:
                    books = known[order_id].books if order_id in known else None
                    await self._order(order_id, books, statement.take_out(order_id), window)
            self._result.until = window.until
            self._result.movements, self._result.fees = statement.movements, statement.fees
        await self._record(window)
        await self.catch_up()
        self._result.open = await self.known_open()
        return self._result

    async def _moved(self, since: int) -> AsyncIterator[Entry]:
        """Orders whose money, or they themselves, moved since then and are not under way."""
        place: Place | None = Place(since - 1, LAST)
        while place is not None:
            found = await self._views.listed(BOOK_ROWS.name, "moved", "all", limit=PAGE, after=place)
            place = Place(found[-1].row.books.moved_at, found[-1].key) if len(found) == PAGE else None
            for entry in found:
                if entry.row.books.moved_at >= self._under_way_since:
                    return
                yield entry

    async def _order(self, order_id: str, books: Books | None, movements: list[Movement], window: Window) -> None:
        if books is not None and (keys := in_doubt(books, movements)):
            await self._complete(keys)
            row = await self._views.get(BOOK_ROWS.name, order_id)
            books = row.books if row is not None else None
        if books is not None and await self._look_into(books, movements):
            await self.catch_up()
            row = await self._views.get(BOOK_ROWS.name, order_id)
            books = row.books if row is not None else None
        moved = [one.at for one in movements] + ([books.moved_at] if books is not None else [])
        if max(moved, default=0) >= self._under_way_since:
            self._skipped.add(order_id)
            return
        self._result.orders += 1
        for what in differences(order_id, books, movements, window):
            self._differences[difference_id(what)] = what
        if len(self._differences) > FOUND_MAX:
            raise TooManyDifferences(f"more than {FOUND_MAX} differences: is this the statement of this shop?")

    async def _complete(self, keys: list[str]) -> None:
        """What the log waits for and the provider has done is recorded as if its callback had come."""
        for key in keys:
            try:
                outcome = await self._payments.gateway.find(key)
            except (GatewayError, GatewayTimeout) as error:
                log.warning("query_failed", key=key, error=repr(error))
                self._result.unanswered += 1
                continue
            if isinstance(outcome, Outcome):
                try:
                    await self._payments.complete(key, outcome)
                    self._result.completed += 1
                except DomainError as refusal:
                    log.warning("outcome_refused", key=key, reason=refusal.detail)
                except UnreadableStream as error:  # the others are compared all the same
                    log.error("outcome_impossible", key=key, reason=str(error))
        await self.catch_up()

    async def _look_into(self, books: Books, movements: list[Movement]) -> bool:
        """Has whatever is new of disputes recorded as if its callback had come; whether anything was."""
        news = False
        for reference in disputed(books, movements):
            try:
                found = await self._payments.look_into_disputes(reference)
            except (GatewayError, GatewayTimeout) as error:
                log.warning("query_failed", reference=reference, error=repr(error))
                self._result.unanswered += 1
                continue
            except UnreadableStream as error:
                log.error("disputes_impossible", reference=reference, reason=str(error))
                continue
            news = news or found
            self._result.completed += found
        return news

    async def _record(self, window: Window) -> None:
        before = await self.known_open()
        for key, what in self._differences.items():
            self._result.found += await self._recorded(FindDifference(key, what, self.now))
        for key, known in before:
            looked_for = window.surely(known.what.at) and known.what.order_id not in self._skipped
            if looked_for and key not in self._differences:
                self._result.gone += await self._recorded(SettleDifference(key, GONE, "", self.now))

    async def _recorded(self, command: FindDifference | SettleDifference) -> bool:
        """Whether it was news."""
        try:
            return bool((await self._engine.submit(command, self._context())).events)
        except UnreadableStream as error:  # the others are recorded all the same
            log.error("difference_impossible", id=command.difference_id, reason=str(error))
            return False

    def _context(self) -> Context:
        return system_context("reconciliation", self.now)
