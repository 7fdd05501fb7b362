"""Each of several processes on one port tells of itself at an address of its own."""

from __future__ import annotations

import asyncio
import socket
import subprocess
from contextlib import suppress
from typing import Any

import httpx
import pytest
from prometheus_client import CollectorRegistry, Counter

from kontor.serving import workers
from kontor.settings import Settings
from kontor.watching.ownmetrics import NUMBER, has_addresses, listen, port_of, told_apart


def counting(times: int) -> CollectorRegistry:
    registry = CollectorRegistry()
    Counter("kontor_things", "Things.", registry=registry).inc(times)
    return registry


def free_ports() -> int:
    """The first of two."""
    while True:
        with socket.socket() as one, socket.socket() as next_one, suppress(OSError, OverflowError):
            one.bind(("127.0.0.1", 0))
            port = int(one.getsockname()[1])
            next_one.bind(("127.0.0.1", port + 1))
            return port


async def test_two_processes_are_two_addresses(monkeypatch: pytest.MonkeyPatch):
    settings = Settings(host="127.0.0.1", metrics_port=free_ports())
    metrics = []
    for number in (0, 1):
        monkeypatch.setenv(NUMBER, str(number))
        async with told_apart(counting(number + 1), settings), httpx.AsyncClient() as http:
            answer = await http.get(f"http://127.0.0.1:{settings.metrics_port + number}/metrics")
            assert answer.headers["content-type"].startswith("text/plain; version=")
            metrics.append([line for line in answer.text.splitlines() if line.startswith("kontor_things_total")])
    assert metrics == [["kontor_things_total 1.0"], ["kontor_things_total 2.0"]]


async def test_nothing_else_is_told_there():
    server = await listen(counting(1), "127.0.0.1", 0)
    async with server, httpx.AsyncClient() as http:
        place = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        assert (await http.get(f"{place}/api/products")).status_code == 404
        assert (await http.post(f"{place}/metrics")).status_code == 404
        _, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        writer.write(b"x" * 200_000)  # no head of a request ever was so long
        writer.close()
        assert (await http.get(f"{place}/metrics")).status_code == 200


async def test_a_port_that_is_taken_holds_nobody_up(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setenv(NUMBER, "0")
    server = await listen(counting(1), "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        async with told_apart(counting(1), Settings(host="127.0.0.1", metrics_port=port)):
            pass
    assert f"no metrics on 127.0.0.1:{port}" in capsys.readouterr().err


def test_only_one_of_several_for_whom_a_port_was_named_has_an_address(monkeypatch: pytest.MonkeyPatch):
    assert port_of(Settings(metrics_port=9100)) is None
    monkeypatch.setenv(NUMBER, "2")
    assert port_of(Settings(metrics_port=9100)) == 9102
    assert port_of(Settings()) is None
    assert not has_addresses(Settings(metrics_port=0))


def test_a_process_that_is_started_again_keeps_its_number(monkeypatch: pytest.MonkeyPatch):
    started: list[str] = []

    class Ended:
        """One that has just died."""

        pid, returncode = 1, -9

        def __init__(self, arguments: list[str], env: dict[str, str], **more: Any) -> None:
            started.append(env[NUMBER])

        def poll(self) -> int:
            if len(started) == 4:
                raise KeyboardInterrupt
            return self.returncode

    monkeypatch.setattr(subprocess, "Popen", Ended)
    monkeypatch.setattr(workers.time, "sleep", lambda seconds: None)
    monkeypatch.setattr(workers.signal, "signal", lambda number, stop: None)
    with socket.socket() as listening, pytest.raises(KeyboardInterrupt):
        workers.supervise(listening, 2)
    assert started == ["0", "1", "0", "1"]
