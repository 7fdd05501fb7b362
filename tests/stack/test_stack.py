"""The real servers, from an empty folder to kill -9 and back."""

from __future__ import annotations

import os
import shutil
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.stack.clients import CLIENTS
from tests.stack.commands import SERVERS, Stack

pytestmark = [pytest.mark.stack, pytest.mark.timeout(900)]

MEMORY_MIB = 4096


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """All servers, up, in a folder of their own. They are stopped in good order at the end."""
    stack = Stack(tmp_path_factory.mktemp("servers"))
    try:
        stack.do("up")
        yield stack
        assert stack.do("down").count("stopped") == len(SERVERS)
    finally:
        stack.run("kill", *SERVERS)


@pytest.fixture
def other(tmp_path: Path) -> Iterator[Stack]:
    """An empty folder of its own, for what goes wrong."""
    other = Stack(tmp_path / "other")
    yield other
    other.run("kill", *SERVERS)


def listening(port: int) -> bool:
    with socket.socket() as connection:
        return connection.connect_ex(("127.0.0.1", port)) == 0


def test_all_servers_are_up(stack: Stack) -> None:
    assert stack.run("status").returncode == 0
    states = stack.status()
    assert {name: (state["state"], state["port"]) for name, state in states.items()} == {
        name: ("up", stack.ports[name]) for name in SERVERS
    }


def test_together_they_stay_small(stack: Stack) -> None:
    assert sum(state["rss_mib"] for state in stack.status().values()) < MEMORY_MIB


def test_kontor_is_pointed_at_them(stack: Stack) -> None:
    address = {name: f"127.0.0.1:{stack.ports[name]}" for name in SERVERS}
    assert stack.do("env").splitlines() == [
        f"export KONTOR_POSTGRES_URL=postgresql://kontor@{address['postgres']}/kontor",
        f"export KONTOR_VAULT_URL='postgresql://kontor@{address['postgres']}/kontor?options=-csearch_path%3Dvault'",
        f"export KONTOR_KAFKA={address['kafka']}",
        f"export KONTOR_REDIS_URL=redis://{address['redis']}/0",
        f"export KONTOR_ELASTICSEARCH_URL=http://{address['elasticsearch']}",
        f"export KONTOR_CASSANDRA={address['cassandra']}",
    ]


def test_nothing_listens_to_other_machines(stack: Stack) -> None:
    """127.0.0.2 is this machine as well: a server bound to all addresses would answer there."""
    for port in stack.ports.values():
        with socket.socket() as connection:
            assert connection.connect_ex(("127.0.0.2", port)) != 0, port


def test_up_again_changes_nothing(stack: Stack) -> None:
    before = stack.pids()
    assert stack.do("up").count("already up") == len(SERVERS)
    assert stack.pids() == before


def test_ports_of_a_running_server_are_those_it_was_started_with(stack: Stack) -> None:
    done = stack.run("env", "redis", KONTOR_STACK_REDIS_PORT="1")
    assert done.stdout == f"export KONTOR_REDIS_URL=redis://127.0.0.1:{stack.ports['redis']}/0\n"


@pytest.mark.parametrize("server", SERVERS)
def test_what_is_kept_survives_a_crash_and_a_stop(stack: Stack, server: str) -> None:
    client, port, before = CLIENTS[server], stack.ports[server], stack.pids()
    client.keep(port, "marigold")

    stack.do("kill", server)
    assert stack.status()[server]["state"] == "down"
    assert stack.run("status").returncode == 1
    assert f"# {server} is down" in stack.do("env")
    stack.do("up", server)
    assert "marigold" in client.kept(port)

    assert "stopped" in stack.do("down", server)
    assert not listening(port)
    assert f"{server:14} up after" in stack.do("up", server)
    assert "marigold" in client.kept(port)

    after = stack.pids()
    assert after.keys() == before.keys()
    assert {name for name in SERVERS if before[name] != after[name]} == {server}


def test_somebody_elses_process_is_not_taken_for_a_server(other: Stack) -> None:
    other.do("up", "redis")
    pid_file = other.folder / "run" / "redis.pid"
    pid = other.pids()["redis"]
    other.do("kill", "redis")
    pid_file.write_text(pid_file.read_text().replace(str(pid), str(os.getpid()), 1))
    assert other.status()["redis"]["state"] == "down"
    assert "not running" in other.do("down", "redis")
    assert "up after" in other.do("up", "redis")


@pytest.mark.parametrize("server", SERVERS)
def test_a_taken_port_is_named(other: Stack, server: str) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        other.ports[server] = listener.getsockname()[1]
        done = other.run("up", server)
    assert done.returncode == 1
    assert f"{server:14} failed: port {other.ports[server]} is taken by pid {os.getpid()} (" in done.stderr
    assert f"to do: end that, or choose another: export KONTOR_STACK_{server.upper()}_PORT=" in done.stderr


BROKEN = {
    "postgres": ("cluster/PG_VERSION", "cluster"),
    "kafka": ("logs/meta.properties", "logs"),
    "redis": ("appendonlydir/appendonly.aof.manifest", "AOF"),
    "elasticsearch": ("indices/_state/node-9.st", "node-9.st"),
    "cassandra": ("commitlog", "commitlog"),
}
"""A file that is spoilt, or stands where a folder should, and a word of what the server says to it."""


@pytest.mark.parametrize("server", SERVERS)
def test_a_broken_data_folder_is_told_with_the_log(other: Stack, server: str) -> None:
    name, word = BROKEN[server]
    data = other.folder / "data" / server
    spoilt = data / name
    spoilt.parent.mkdir(parents=True)
    spoilt.write_text("spoilt\n")
    for path in (spoilt, *spoilt.parents):
        if path.is_relative_to(data) and server in {"postgres", "redis"} and os.geteuid() == 0:
            shutil.chown(path, server, server)
            path.chmod(0o700)

    done = other.run("up", server)
    assert done.returncode == 1, done.stdout
    assert f"{server:14} failed: " in done.stderr
    assert word in done.stderr
    assert f"rm -r {data}" in done.stderr
    assert other.status()[server]["state"] == "down"

    shutil.rmtree(data)
    other.do("up", server)


def test_one_that_fails_does_not_hold_up_the_others(other: Stack) -> None:
    (other.folder / "data").mkdir(parents=True)
    (other.folder / "data" / "postgres").write_text("no folder")
    done = other.run("up", "postgres", "redis")
    assert done.returncode == 1
    assert f"cannot use {other.folder / 'data' / 'postgres'}: File exists" in done.stderr
    assert other.pids().keys() == {"redis"}


def test_two_at_once_start_one_server(other: Stack) -> None:
    outputs: list[str] = []
    threads = [threading.Thread(target=lambda: outputs.append(other.do("up", "redis"))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum("already up" in output for output in outputs) == 2
    assert sum("up after" in output for output in outputs) == 1
