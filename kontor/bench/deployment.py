"""The full profile to measure: a process for each part, as users run it, on the servers that the environment names.

Under names of its own, all of which are gone afterwards.
"""

from __future__ import annotations

import asyncio
import base64
import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from kontor import console
from kontor.bench.cleaning import clean
from kontor.bench.house import Running
from kontor.bench.processor import listening
from kontor.settings import Settings
from kontor.wiring.full import FullWriteServices, write_side

SERVERS = ("postgres_url", "kafka", "redis_url", "elasticsearch_url", "cassandra")
PARTS: Mapping[str, tuple[str, ...]] = {
    "write": ("serve", "write"),
    "read": ("serve", "read"),
    "relay": ("relay",),
    "views": ("work", "--projection", "views"),
    "orders": ("work", "--projection", "orders"),
    "search": ("work", "--projection", "search"),
    "gateway": ("gateway",),
    "processes": ("work", "--projection", "processes"),
}
GIVEN = (*SERVERS, "vault_url", "namespace", "profile", "source", "partitions", "reconcile_every")
PROVIDER = ("provider_url", "provider_secret", "provider_callbacks")
READY_S = 120.0
STOP_S = 20.0


class Deployment:
    def __init__(self, settings: Settings, folder: Path) -> None:
        self.settings = settings
        """For what this process does itself."""
        self.parts: dict[str, Running] = {}
        self.folder = folder
        """Each part has its own in it, and its output."""
        self._started: dict[str, subprocess.Popen[bytes]] = {}

    def pids(self) -> dict[str, int]:
        """Of every part, of the servers that run on this machine, and of this process, which is the client."""
        servers = {name.removesuffix("_url"): str(getattr(self.settings, name)) for name in SERVERS}
        return {**{name: part.pid for name, part in self.parts.items()}, "client": os.getpid(), **listening(servers)}

    async def start(self, *names: str) -> None:
        """Returns when all of them say that they are ready. Raises RuntimeError for one that does not."""
        for name in names:
            self.begin(name)
        await self.ready(*names)

    async def ready(self, *names: str) -> None:
        """They were begun. Raises RuntimeError for one that does not get so far."""
        for name in names:
            self.parts[name] = await self._ready(name)

    def kill(self, name: str) -> None:
        """With SIGKILL; ``begin`` begins it again, with what its folder and the servers have of it."""
        self._started[name].kill()
        self._started[name].wait()

    def begin(self, name: str) -> None:
        with self._output(name).open("wb") as output:
            self._started[name] = subprocess.Popen(
                [sys.executable, "-m", "kontor", *PARTS[name]],
                env=os.environ | self._environment(name),
                stdout=output,
                stderr=output,
            )

    def ended(self, name: str) -> bool:
        """Whether it is not there any more."""
        return self._started[name].poll() is not None

    def said(self, name: str) -> str:
        """Since it last began."""
        return self._output(name).read_text()

    def _environment(self, name: str) -> dict[str, str]:
        settings = self.settings
        given = {each: str(getattr(settings, each)) for each in (*GIVEN, *PROVIDER)}
        given |= {"data": str(self.folder / name), "metrics_port": "0", "rate_limits": "false"}
        # The provider and the write service call each other, so their addresses have to be known before they run.
        ports = {"gateway": settings.provider_url, "write": settings.provider_callbacks}
        given["port"] = str(urlsplit(ports.get(name) or "").port or 0)
        return {f"KONTOR_{key.upper()}": value for key, value in given.items()}

    def _output(self, name: str) -> Path:
        return self.folder / f"{name}.log"

    async def _ready(self, name: str) -> Running:
        until = time.monotonic() + READY_S
        process = self._started[name]
        while True:
            said = self.said(name)
            if ready := re.search(r"ready\b(?:.*http://([^:/\s]+):(\d+))?", said):
                return Running(ready[1] or "", int(ready[2] or 0), process.pid)
            if process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"kontor {' '.join(PARTS[name])} is not ready:\n{said[-3000:]}")
            await asyncio.sleep(0.05)

    def stop(self) -> None:
        for process in self._started.values():
            process.send_signal(signal.SIGTERM)
        for name, process in self._started.items():
            try:
                process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                console.err.print(f"kontor bench: {name} did not stop and was killed", markup=False)

    def complaints(self) -> list[str]:
        """What the parts had to say besides that they are ready: the first few lines of each."""
        told = {name: [line for line in self.said(name).splitlines() if "ready" not in line] for name in self._started}
        return [f"{name}: {line}" for name, lines in told.items() for line in lines[:5]]


@asynccontextmanager
async def deployed(*names: str, **given: Any) -> AsyncIterator[Deployment]:
    """With these parts running, and these settings. Ends the command where the servers are not named."""
    settings = _own_settings(given)
    with tempfile.TemporaryDirectory(prefix="kontor-bench-") as folder:
        deployment = Deployment(settings, Path(folder))
        try:
            await deployment.start(*names)
            yield deployment
        finally:
            await asyncio.to_thread(deployment.stop)
            for line in deployment.complaints():
                console.err.print(line, markup=False, highlight=False)
            await clean(settings)


def _own_settings(chosen: Mapping[str, Any]) -> Settings:
    missing = [f"KONTOR_{name.upper()}" for name in SERVERS if f"KONTOR_{name.upper()}" not in os.environ]
    if missing:
        console.fail(f"needs the servers of the full profile: {', '.join(missing)}; stack/env prints them", 2)
    name = f"bench_{secrets.token_hex(4)}"
    given: dict[str, Any] = {each: os.environ[f"KONTOR_{each.upper()}"] for each in SERVERS}
    postgres = given["postgres_url"]
    own = f"{postgres}{'&' if '?' in postgres else '?'}options=-csearch_path%3D{name}"
    given |= {"postgres_url": own, "vault_url": f"{own}_vault", "namespace": name, "profile": "full", **chosen}
    given["provider_secret"] = base64.b64encode(secrets.token_bytes(32)).decode()
    given["provider_url"] = f"http://127.0.0.1:{_free_port()}"
    given["provider_callbacks"] = f"http://127.0.0.1:{_free_port()}/api/webhooks/payments/simulated"
    return Settings(**given)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


@asynccontextmanager
async def write_services(settings: Settings) -> AsyncIterator[FullWriteServices]:
    """What ``serve write`` works with, in this process."""
    async with write_side(settings) as services:
        await services.noticing.start()
        yield services
