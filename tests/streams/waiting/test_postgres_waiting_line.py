"""Waiting lines on a real Postgres server."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from commands.vault_server import VaultServer
from streams.waiting.line import Line
from tests.contracts.waiting_line import WaitingLine

pytestmark = pytest.mark.stack


class TestOnAServer(WaitingLine):
    @pytest.fixture
    def make(self, postgres: str) -> Iterator[Any]:
        opened: list[VaultServer] = []

        def open_one(**options: Any) -> Line:
            opened.append(VaultServer.open(postgres))
            return Line(opened[-1], **options)

        yield open_one
        for store in opened:
            store.close()
