"""What becomes of a test whose server is not there."""

from __future__ import annotations

import pytest

from tests.needed import VARIABLES, address


@pytest.fixture(params=VARIABLES)
def server(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    name: str = request.param
    monkeypatch.delenv(VARIABLES[name], raising=False)
    return name


def test_in_ci_it_fails(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match=f"needs {server}"):
        address(server)


def test_elsewhere_it_says_what_to_start(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match=f"{VARIABLES[server]} names none: stack/up {server}; "):
        address(server)


def test_one_that_is_named_is_used(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLES[server], "127.0.0.1:1")
    assert address(server) == "127.0.0.1:1"
