"""What `kontor replay` makes of a store that goes away, or is damaged, in the middle: words for whoever asked."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from commands.errors import StorageUnavailable
from kontor.proving.evidence import Damaged
from kontor.replay.elastic import InElasticsearch
from kontor.replay.logs import Log
from kontor.replay.rebuilding import Refused
from kontor.replay.telling import Telling
from kontor.settings import Settings
from projections.search.port import SearchUnavailable
from projections.views import ViewsUnavailable


def test_a_log_that_cannot_be_read_is_told_as_damaged():
    log = Log(sqlite3.connect(":memory:"))
    with pytest.raises(Damaged, match="the log is damaged: no such table"):
        log.head()
    with pytest.raises(Damaged, match="after event 0: no such table"):
        log.read(0, 10)


class Swapped(InElasticsearch):
    """Everything went well until the new index was to be shown."""

    def __init__(self, error: Exception) -> None:
        super().__init__(Settings(), Telling(False))
        self._error = error

    def _kept(self) -> Any:
        return object()

    @asynccontextmanager
    async def _built(self, begun: Any) -> AsyncIterator[tuple[Any, Any]]:
        yield None, self

    def position(self) -> int:
        raise self._error


@pytest.mark.parametrize("error", [SearchUnavailable, ViewsUnavailable, StorageUnavailable])
async def test_a_server_that_goes_away_at_any_moment_is_told(error: type[Exception]):
    with pytest.raises(Refused, match="away; try again"):
        await Swapped(error("away")).roll_back()
