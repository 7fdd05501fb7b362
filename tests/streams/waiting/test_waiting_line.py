"""Waiting lines in the vault's file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from commands.vault_file import VaultFile
from streams.waiting.line import Line
from tests.contracts.waiting_line import WaitingLine


class TestInAFile(WaitingLine):
    @pytest.fixture
    def make(self, tmp_path: Path) -> Iterator[Any]:
        opened: list[VaultFile] = []

        def open_one(**options: Any) -> Line:
            opened.append(VaultFile(tmp_path / "vault.db"))
            return Line(opened[-1], **options)

        yield open_one
        for store in opened:
            store.close()
