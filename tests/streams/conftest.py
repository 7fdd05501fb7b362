"""What tests of whole processes have in common."""

from __future__ import annotations

import pytest

from streams import checkout


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who finds a silent order looks after it soon."""
    monkeypatch.setattr(checkout, "SILENT_MS", 20)
    monkeypatch.setattr(checkout, "SWEEP_S", 0.05)
