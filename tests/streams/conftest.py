"""What tests of whole processes and of what leaves the house have in common."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from commands.store.memory import MemoryLog
from commands.vault import Vault
from streams.processes import checkout
from tests.mailserver import MailBox, mail_server


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who finds a silent order looks after it soon."""
    monkeypatch.setattr(checkout, "SILENT_MS", 20)
    monkeypatch.setattr(checkout, "SWEEP_S", 0.05)


@pytest.fixture
def log() -> MemoryLog:
    return MemoryLog()


@pytest.fixture
def vault(tmp_path: Path) -> Any:
    opened = Vault(tmp_path / "vault.db")
    yield opened
    opened.close()


@pytest.fixture
async def box() -> AsyncIterator[MailBox]:
    async with mail_server() as box:
        yield box
