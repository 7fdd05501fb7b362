"""A Postgres server that is away: every caller hears of it, and the log is told once."""

from __future__ import annotations

import psycopg
import pytest
from structlog.testing import capture_logs

from commands.errors import StorageUnavailable, UnusableLog
from commands.store.server import Server


@pytest.fixture
def server() -> Server:
    return Server.at("postgresql://ada:sesame@db.example/kontor")


@pytest.mark.parametrize("password", ["s3/same", "s3@same", "12/same", "s3/12@same"])
def test_a_password_that_breaks_the_url_is_not_told(password: str) -> None:
    with pytest.raises(UnusableLog, match="as %2F, an @ as %40") as refused:
        Server.at(f"postgresql://ada:{password}@db.example:5432/kontor")
    assert "same" not in str(refused.value)


def fail(server: Server, doing: str) -> None:
    with pytest.raises(StorageUnavailable, match=f"at db.example:5432/kontor cannot be {doing}"), server.told(doing):
        raise psycopg.OperationalError("connection refused for sesame")


def test_a_hundred_requests_that_meet_an_outage_are_one_line(server: Server) -> None:
    with capture_logs() as logged:
        for _ in range(100):
            fail(server, "read")
        for _ in range(2):
            with server.told("read"):
                pass
    began, over = logged
    assert (began["event"], over["event"], over["failures"]) == ("storage_unavailable", "storage_available", 100)
    assert "refused" in began["error"]
    assert "sesame" not in str(logged)


def test_what_is_read_says_nothing_of_what_cannot_be_written(server: Server) -> None:
    """A full disk is read all the while."""
    writing = server.with_settings(lock_timeout="5000")
    with capture_logs() as logged:
        for _ in range(100):
            fail(writing, "written")
            with server.told("read"):
                pass
        with server.told("written"):
            pass
    assert [one["event"] for one in logged] == ["storage_unavailable", "storage_available"]
