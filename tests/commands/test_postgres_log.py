"""The event log on a real Postgres server: the contract, and what only a server can suffer."""

from __future__ import annotations

from pathlib import Path

import pytest

from commands.store.postgres import PostgresLog
from tests.contracts.event_log import EventLogContract

pytestmark = pytest.mark.stack


class TestPostgresLog(EventLogContract):
    @pytest.fixture(autouse=True)
    def server(self, postgres):
        self.url = postgres

    def open(self, folder: Path) -> PostgresLog:
        return PostgresLog.open(self.url)
