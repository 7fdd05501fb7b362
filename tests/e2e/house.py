"""A whole Kontor for a test: in this process, or as the process that users start."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import httpx

from commands.context import system_context
from commands.engine import now_ms
from commands.store.port import EventLog
from domain.buyers.account import GrantScope
from kontor.folder import DataFolder
from kontor.proving.verifying import Problem, verify
from kontor.serving.running import build_app
from kontor.settings import Settings
from kontor.wiring import embedded as composition
from tests.books import kept
from writeapi.services import WriteServices

READY = re.compile(r'ready(?: on|:) +(http://[^\s"]+)')
START_S = 60
STOP_S = 20


@dataclass
class House:
    """The embedded profile and its application, in this process."""

    folder: Path
    services: WriteServices
    app: Any
    http: httpx.AsyncClient

    async def head(self) -> int:
        """Of the log, when nothing that was done so far has anything more to follow in the ledger."""
        return await kept(self.services.log)

    async def grant(self, user_id: str, scope: str) -> None:
        await self.services.engine.submit(GrantScope(user_id, scope), system_context("test", 1))

    async def state(self, stream: str) -> Any:
        """Of an aggregate."""
        return await self.services.engine.state(stream)

    def problems(self) -> list[Problem]:
        """Of the log, as ``kontor verify`` finds them."""
        return verify(DataFolder(self.folder).log).problems

    @property
    def log(self) -> EventLog:
        return self.services.log

    @property
    def provider(self) -> Any:
        """The simulated payment provider."""
        return self.services.payments.gateway


@asynccontextmanager
async def in_process(
    folder: Path,
    prepare: Callable[[WriteServices], None] = lambda services: None,
    clock: Callable[[], int] = now_ms,
    **settings: Any,
) -> AsyncIterator[House]:
    """``prepare`` may exchange services before the application is built."""
    chosen = Settings(data=folder, rate_limits=False, **settings)
    async with _begun(chosen, clock) as services:
        prepare(services)
        app = build_app("all", services, chosen)
        async with client_of(app) as http:
            yield House(folder, services, app, http)


@asynccontextmanager
async def _begun(chosen: Settings, clock: Callable[[], int]) -> AsyncIterator[WriteServices]:
    """A process that serves for months freezes its garbage; one that runs tests must not, nor walk through all that
    other tests have left in it."""
    with patch.object(composition, "settle_garbage"):
        async with composition.embedded(chosen, clock=clock) as services:
            yield services


def client_of(app: Any) -> httpx.AsyncClient:
    # An unforeseen exception must come out as the answer a client would get.
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://kontor.test", timeout=30)


WARMED_UP = """
import sys, kontor.wiring.embedded, readapi.app, writeapi.app
sys.stdin.readline()
from kontor.cli import main
main()
"""
"""The command itself, after its imports, which take longer than everything else that a start does."""


class Process:
    """A ``kontor`` command that serves: ``Process("serve", "all", data=folder)``. Always on a port of its own.

    One that is ``waiting`` has loaded its code and touched nothing until ``go`` is called.
    """

    def __init__(self, *arguments: str, data: Path, env: dict[str, str] | None = None, waiting: bool = False) -> None:
        self.data = data
        self.output = data.parent / f"{data.name}-{time.monotonic_ns()}.log"
        program = ["-c", WARMED_UP] if waiting else ["-m", "kontor"]
        with self.output.open("wb") as output:
            self.popen = subprocess.Popen(
                [sys.executable, *program, *arguments, "--data", str(data), "--port", "0"],
                stdin=subprocess.PIPE if waiting else subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**os.environ, "KONTOR_RATE_LIMITS": "false", **(env or {})},
                start_new_session=True,
            )

    def go(self) -> None:
        assert self.popen.stdin is not None
        self.popen.stdin.write(b"\n")
        self.popen.stdin.close()

    def url(self, ready: int = 1) -> str:
        """Where it listens, once ``ready`` processes of it do."""
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline:
            found = READY.findall(self.output.read_text(errors="replace"))
            if len(found) >= ready:
                return str(found[0])
            assert self.popen.poll() is None, f"ended with {self.popen.returncode}: {self.said()}"
            time.sleep(0.02)
        raise AssertionError(f"not ready after {START_S} s: {self.said()}")

    def said(self) -> str:
        return self.output.read_text(errors="replace")[-4000:]

    def kill(self) -> None:
        """As a power cut would: no process of it runs another instruction."""
        os.killpg(self.popen.pid, signal.SIGKILL)
        self.popen.wait()
        if self.popen.stdin is not None:
            self.popen.stdin.close()

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Asks it to end; the exit code."""
        self.popen.send_signal(number)
        return self.popen.wait(STOP_S)

    async def ended(self) -> int:
        return await asyncio.to_thread(self.popen.wait, STOP_S)


@contextmanager
def process(*arguments: str, data: Path, **env: str) -> Iterator[Process]:
    """Ended with the block, if the test has not done so."""
    running = Process(*arguments, data=data, env=env)
    try:
        yield running
    finally:
        if running.popen.poll() is None:
            try:
                running.stop()
            except subprocess.TimeoutExpired:
                running.kill()
                raise AssertionError(f"did not end when asked to: {running.said()}") from None


def kontor(*arguments: str, data: Path) -> subprocess.CompletedProcess[str]:
    """A command that ends by itself."""
    command = [sys.executable, "-m", "kontor", *arguments, "--data", str(data)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def rows(file: Path, query: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as connection:
        return connection.execute(query).fetchall()


def charges(folder: Path) -> dict[str, list[tuple[int, int, int, int]]]:
    """What the payment provider's own records say, by order: amount, captured, refunded, voided of each charge."""
    found: dict[str, list[tuple[int, int, int, int]]] = {}
    query = "SELECT order_id, amount, captured, refunded, voided FROM charges"
    for order_id, amount, captured, refunded, voided in rows(folder / "provider.db", query):
        found.setdefault(order_id, []).append((amount, captured, refunded, voided))
    return found
