"""The demo's passwords are known to everybody, so it says so where others than its user may come."""

from __future__ import annotations

import pytest

from kontor.serving import demo

WARNING = "may sign in as an administrator"


@pytest.mark.parametrize("url", ["http://127.0.0.1:8000", "http://[::1]:8000", "http://localhost:8000"])
def test_on_this_machine_alone_nothing_is_to_be_said(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    demo.welcome(url)
    assert WARNING not in capsys.readouterr().out


@pytest.mark.parametrize("url", ["http://0.0.0.0:8000", "http://[::]:8000", "http://192.168.1.7:8000"])
def test_where_others_reach_it_they_may_do_everything(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    demo.welcome(url)
    said = capsys.readouterr().out
    assert WARNING in said
    assert "kontor serve all" in said
