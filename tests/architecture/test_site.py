"""The documentation is built as a site, with a reference that is made from the code."""

from __future__ import annotations

import html
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from domain.stored.codec import EVENTS
from kontor.settings import Settings
from readapi.edge.problems import PROBLEMS
from tests.architecture.sources import ROOT

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built as `make site` does it: a link that leads nowhere is an error."""
    folder = tmp_path_factory.mktemp("site")
    built = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(folder)],
        cwd=ROOT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert built.returncode == 0, built.stdout + built.stderr
    return folder


def text_of(page: Path) -> str:
    return html.unescape(re.sub(r"<[^>]+>", "", page.read_text(encoding="utf-8")))


def test_every_event_setting_and_problem_is_told(site: Path) -> None:
    pages = {name: text_of(site / "reference" / name / "index.html") for name in ("events", "settings", "problems")}
    assert [name for name, (version, _) in EVENTS.items() if f"{name}@{version}" not in pages["events"]] == []
    assert [name for name in Settings.model_fields if f"KONTOR_{name.upper()}" not in pages["settings"]] == []
    assert [code for code in PROBLEMS if code not in pages["problems"]] == []


def test_commands_metrics_and_the_command_line_are_told(site: Path) -> None:
    pages = {
        name: text_of(site / "reference" / name / "index.html") for name in ("commands", "metrics", "command-line")
    }
    assert {"PlaceOrder", "HoldStock", "RequestRefund"} <= set(re.findall(r"\w+", pages["commands"]))
    metrics = {"kontor_log_head", "kontor_lag_events", "kontor_orders", "kontor_queue_depth", "kontor_backlog"}
    also = {"kontor_carts", "kontor_cache_lookups", "kontor_degraded", "kontor_replay_position"}
    assert metrics | also <= set(re.findall(r"\w+", pages["metrics"]))
    assert all(f"kontor {name}" in pages["command-line"] for name in ("demo", "clear-views", "parked retry", "verify"))


def test_nothing_is_loaded_from_elsewhere(site: Path) -> None:
    """Who reads the site is nobody else's business."""
    for page in site.rglob("*.html"):
        sources = re.findall(r'(?:src|href)="(https?:)?//[^"]*\.(?:js|css|woff2?)"', page.read_text(encoding="utf-8"))
        assert sources == [], page
