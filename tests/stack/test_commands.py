"""What the commands say when no server runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from stack.servers import settings
from tests.stack.commands import SERVERS, Stack


@pytest.fixture
def stack(tmp_path: Path) -> Stack:
    return Stack(tmp_path / "stack")


def test_all_servers_are_down(stack: Stack) -> None:
    done = stack.run("status")
    assert done.returncode == 1
    assert [line.split() for line in done.stdout.splitlines()] == [[name, "down"] for name in SERVERS]
    assert {state["state"] for state in stack.status().values()} == {"down"}


def test_only_servers_that_run_are_exported(stack: Stack) -> None:
    assert stack.do("env").splitlines() == [f"# {name} is down" for name in SERVERS]


def test_looking_leaves_nothing_behind(stack: Stack) -> None:
    stack.run("status")
    stack.run("env")
    assert not stack.folder.exists()


def test_down_when_nothing_runs_is_fine(stack: Stack) -> None:
    assert stack.do("down", "redis").split() == ["redis", "not", "running"]


@pytest.mark.parametrize("command", ["up", "down", "status", "env", "kill"])
def test_an_unknown_server_is_refused(stack: Stack, command: str) -> None:
    done = stack.run(command, "oracle")
    assert done.returncode == 2
    assert "there is no server oracle, only postgres, kafka, redis, elasticsearch, cassandra" in done.stderr


def test_kill_wants_to_be_told_which(stack: Stack) -> None:
    assert stack.run("kill").returncode == 2


@pytest.mark.parametrize("port", ["many", "0", "65536", "-1"])
def test_a_port_has_to_be_one(stack: Stack, port: str) -> None:
    done = stack.run("up", "redis", KONTOR_STACK_REDIS_PORT=port)
    assert done.returncode == 1
    assert f"KONTOR_STACK_REDIS_PORT={port} is not a number from 1 to 65535" in done.stderr


def test_servers_beside_others_have_ports_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    usual = {settings.port(name) for name in settings.PORTS}
    monkeypatch.setenv("KONTOR_STACK_SHIFT", "1000")
    assert usual.isdisjoint({settings.port(name) for name in settings.PORTS})
    monkeypatch.setenv("KONTOR_STACK_KAFKA_PORT", "9092")
    assert settings.port("kafka") == 9092, "what is said of one counts for itself"
    monkeypatch.setenv("KONTOR_STACK_SHIFT", "-1")
    with pytest.raises(settings.Failure, match="KONTOR_STACK_SHIFT=-1 is not a number"):
        settings.port("redis")


def test_the_compiler_is_one_of_two(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    assert settings.compiler() == "quick"
    monkeypatch.setenv("KONTOR_STACK_COMPILER", "full")
    assert settings.compiler() == "full"
    done = stack.run("up", "redis", KONTOR_STACK_COMPILER="C2")
    assert done.returncode == 1
    assert "KONTOR_STACK_COMPILER=C2 is neither quick nor full" in done.stderr
