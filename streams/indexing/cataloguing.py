"""For an indexer whose views are filled by other processes: it hears of each event once the views show it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from typing import Any

import structlog

from commands.mapper import recorded_or_unreadable
from commands.outage import Outage
from commands.store.port import EventLog
from domain.recorded import Recorded
from projections.projector import Projection
from projections.routed import RoutedViews
from projections.views import Touched, Views
from streams.views.follower import Applied
from streams.views.following import Followed

PAGE = 2_000
PATIENCE_S = 1.0
BEGIN_S = 30.0
RETRY_S = 0.5

log = structlog.get_logger("cataloguing")


class Cataloguing(RoutedViews):
    """The views, and how far they are; a follower of the log that waits for them."""

    def __init__(self, event_log: EventLog, views: Views, shown: Followed, projections: Sequence[Projection]) -> None:
        self._tables = [table for projection in projections for table in projection.tables]
        super().__init__({table.name: views for table in self._tables})
        self.applied: list[Applied] = []
        self._log = event_log
        self._shown = shown
        self._told = 0
        self._outage = Outage(log, "cataloguing_interrupted", "cataloguing_goes_on")
        self._task: asyncio.Task[None] | None = None

    def positions(self) -> dict[str, int]:
        """What the indexer begins with: it replays from its own position to here, and hears of everything beyond."""
        return {"views": self._told}

    def touched_by(self, events: Sequence[Recorded]) -> Touched:
        """Keys of the rows that events concern."""
        touched = Touched()
        for table in self._tables:
            keys = {key for event in events if type(event.event) in table.folds for key in table.keys(event)}
            if keys:
                touched[table.name] = keys
        return touched

    async def start(self) -> None:
        """Waits until it is known how far the views are, or an index would seem to be ahead of them."""
        if await self._log.head():
            await self._shown.wait_for(1, BEGIN_S)
        self._told = self._shown.position
        self._task = asyncio.create_task(self._follow(), name="cataloguing")

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _follow(self) -> None:
        while True:
            try:
                if await self._log.changed(self._told, PATIENCE_S):
                    await self._tell(await self._log.read(self._told, PAGE))
                self._outage.ended()
            except Exception as error:
                self._outage.met(error, position=self._told)
                await asyncio.sleep(RETRY_S)

    async def _tell(self, rows: Sequence[Any]) -> None:
        """Of the rows that the views show by now, or of the first as soon as they do."""
        if not await self._shown.wait_for(rows[0].position, PATIENCE_S):
            return
        events = [recorded_or_unreadable(row) for row in rows if row.position <= self._shown.position]
        self._told = events[-1].position
        touched = self.touched_by(events)
        for listener in self.applied:
            listener(events, touched)
