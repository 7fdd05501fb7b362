"""Where several logs are kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.commands.logs.place import Place


@pytest.fixture(params=["files", pytest.param("servers", marks=pytest.mark.stack)])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """Room for four of them."""
    found: Place = tmp_path if request.param == "files" else request.getfixturevalue("four_servers")
    return found
