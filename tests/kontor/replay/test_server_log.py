"""Who may replay on servers: one at a time in each namespace."""

from __future__ import annotations

import secrets
from threading import Timer

import pytest

from commands.store.server import Server
from kontor.replay import serverlog
from kontor.replay.serverlog import ServerLog

pytestmark = pytest.mark.stack


@pytest.fixture
def server(postgres: str) -> Server:
    return Server.at(postgres)


@pytest.fixture
def namespace() -> str:
    return f"test_{secrets.token_hex(4)}"


def test_a_second_one_is_refused_and_elsewhere_it_is_not(
    server: Server, namespace: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(serverlog, "FOR_LAST_S", 0.1)
    with server.connect() as one, server.connect() as other:
        assert ServerLog(one, server).alone(namespace)
        assert not ServerLog(other, server).alone(namespace)
        assert ServerLog(other, server).alone(f"not {namespace}")


def test_one_that_has_just_ended_is_waited_for(server: Server, namespace: str):
    one = server.connect()
    assert ServerLog(one, server).alone(namespace)
    ending = Timer(0.3, one.close)
    ending.start()
    with server.connect() as other:
        assert ServerLog(other, server).alone(namespace)
    ending.join()
