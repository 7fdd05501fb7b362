"""The log of servers as a replay reads it: in the order of all its events; and who may replay there."""

from __future__ import annotations

import secrets
from threading import Timer

import psycopg
import pytest

from commands.errors import UnusableLog
from commands.store.server import Server
from kontor.proving.evidence import evidence
from kontor.replay import serverlog
from kontor.replay.serverlog import Connected, Replayers, opened_servers
from projections.orders.projector import ORDERS
from streams.history.replaying import Wanted

pytestmark = pytest.mark.stack


@pytest.fixture
def server(postgres: str) -> Server:
    return Server.at(postgres)


@pytest.fixture
def namespace() -> str:
    return f"test_{secrets.token_hex(4)}"


def replayers(connection: psycopg.Connection, server: Server) -> Replayers:
    return Replayers(Connected(connection, server))


# who may


def test_a_second_one_is_refused_and_elsewhere_it_is_not(
    server: Server, namespace: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(serverlog, "FOR_LAST_S", 0.1)
    with server.connect() as one, server.connect() as other:
        assert replayers(one, server).alone(namespace)
        assert not replayers(other, server).alone(namespace)
        assert replayers(other, server).alone(f"not {namespace}")


def test_one_that_has_just_ended_is_waited_for(server: Server, namespace: str):
    one = server.connect()
    assert replayers(one, server).alone(namespace)
    ending = Timer(0.3, one.close)
    ending.start()
    with server.connect() as other:
        assert replayers(other, server).alone(namespace)
    ending.join()


# what is read


@pytest.mark.parametrize("page", [1, 7, 1_000])
@pytest.mark.parametrize("wanted", [Wanted(ORDERS).others, ()], ids=["orders", "all"])
def test_several_are_read_in_their_order(several_servers: tuple[str, ...], page: int, wanted: list[str]):
    with evidence(several_servers) as seen, opened_servers(several_servers) as (log, _):
        head = log.head()
        assert head == seen.extent()[2] - 1  # of the last event no cut has seen
        assert [row for row in seen.rows(0, head) if row[3] not in wanted] == [
            row for after in range(0, head, page) for row in log.read(after, min(after + page, head), wanted)
        ]
        assert log.read(3, 3) == log.read(head, head + 10) == []


def test_all_of_them_are_to_be_named(several_servers: tuple[str, ...]):
    for named in (several_servers[:1], several_servers[:2], several_servers[::-1]):
        with pytest.raises(UnusableLog, match="not all the event logs of one shop"), opened_servers(named):
            pass


def test_logs_that_lost_what_their_order_knows_of_are_refused(several_servers: tuple[str, ...]):
    with psycopg.connect(several_servers[1], autocommit=True) as connection:
        connection.execute("DELETE FROM events")
    with (
        pytest.raises(UnusableLog, match="restore logs and order from the same backup"),
        opened_servers(several_servers),
    ):
        pass
