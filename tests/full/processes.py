"""The full profile as users run it: a process for each part, on the servers of stack/, under names of its own."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import httpx
from aiokafka.admin import AIOKafkaAdminClient

from commands.aggregates import fold
from commands.context import system_context
from commands.engine import now_ms
from commands.logs.served import NamedLog
from domain.buyers.account import GrantScope
from kontor.folder import DataFolder
from kontor.proving.verifying import Problem, verify
from kontor.proving.verifying_views import compare_views
from kontor.settings import Settings, load, log_urls
from kontor.wiring.logservers import open_log, open_to_follow
from projections.cassandraviews.settings import CassandraSettings
from readapi.edge.degraded import HEADER as DEGRADED
from streams.gateways.simulated import SimulatedGateway
from tests.books import kept
from tests.cassandra import drop, hosts
from tests.e2e.market import open_shop
from tests.full.begun import Forked
from tests.needed import VARIABLES, address

ROOT = Path(__file__).resolve().parents[2]
READY_S = 90
STOP_S = 20
PARTS: Mapping[str, tuple[str, ...]] = {
    "write": ("serve", "write"),
    "read": ("serve", "read"),
    "relay": ("relay",),
    "work": ("work",),
    "views": ("work", "--projection", "views"),
    "orders": ("work", "--projection", "orders"),
    "search": ("work", "--projection", "search"),
    "processes": ("work", "--projection", "processes"),
    "gateway": ("gateway",),
}


class Part:
    """One process; started again with ``start`` after it was killed or stopped."""

    def __init__(self, name: str, folder: Path, environment: Mapping[str, str]) -> None:
        self.name = name
        self.log = folder / f"{name}.log"
        self.port = int(environment["KONTOR_PORT"])
        """Where it serves, or tells its metrics."""
        self._environment = {**environment, "KONTOR_DATA": str(folder / name)}
        self._popen: subprocess.Popen[bytes] | Forked | None = None
        self._said_before = 0

    def begin(self) -> None:
        """Within a moment."""
        self._popen = Forked(PARTS[self.name], self._environment, self.log)

    def start(self, program: Sequence[str] = ("-m", "kontor")) -> None:
        with self.log.open("ab") as log:
            self._said_before = log.tell()
            self._popen = subprocess.Popen(
                [sys.executable, *program, *PARTS[self.name]], env=self._environment, cwd=ROOT, stdout=log, stderr=log
            )

    async def ready(self) -> None:
        until = time.monotonic() + READY_S
        while "ready" not in self.said():
            if not self.alive or time.monotonic() > until:
                raise AssertionError(f"{self.name} is not ready:\n{self.said()[-3000:]}")
            await asyncio.sleep(0.05)

    @property
    def alive(self) -> bool:
        return self._popen is not None and self._popen.poll() is None

    def said(self) -> str:
        """In this life."""
        return self.log.read_bytes()[self._said_before :].decode(errors="replace")

    def kill(self) -> None:
        assert self._popen is not None
        self._popen.send_signal(signal.SIGKILL)
        self._popen.wait()

    def stop(self) -> int | None:
        """The exit code, after SIGTERM."""
        if self._popen is None:
            return None
        if self._popen.poll() is None:
            self._popen.send_signal(signal.SIGTERM)
        try:
            return self._popen.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self._popen.kill()
            self._popen.wait()
            raise AssertionError(f"{self.name} did not stop:\n{self.log.read_text()[-3000:]}") from None


Start = Callable[[Part], None]


@dataclass(frozen=True)
class Deployment:
    """What runs, and where."""

    folder: Path
    environment: Mapping[str, str]
    parts: Mapping[str, Part]
    ports: Mapping[str, int]

    @property
    def settings(self) -> Settings:
        with patch.dict(os.environ, self.environment):
            return load()

    async def proved(self) -> None:
        """The log is sound, and every view is what it adds up to."""
        settings = self.settings
        assert verify(log_urls(settings)).problems == []
        compared = await compare_views(settings, log_urls(settings))
        different = [one for one in compared if one.different]
        assert different == [], different


class Everything:
    """What tests of journeys ask of a house, in the event loop of a test."""

    def __init__(
        self, deployment: Deployment, log: NamedLog, http: httpx.AsyncClient, provider: SimulatedGateway
    ) -> None:
        self.deployment = deployment
        self.environment = deployment.environment
        self.parts = deployment.parts
        self.urls = {name: f"http://127.0.0.1:{port}" for name, port in deployment.ports.items()}
        """Of the services, and of the others' metrics."""
        self.log = log
        self.http = http
        self.folder = deployment.folder / "gateway"
        """Where the payment provider has its records."""
        self.provider = provider
        """The same provider over the same records, beside the process that Kontor asks."""

    async def head(self) -> int:
        """Of the log, when nothing that was done so far has anything more to follow in the ledger."""
        return await kept(self.log)

    async def grant(self, user_id: str, scope: str) -> None:
        log, engine = open_log(self.deployment.settings, now_ms)
        await engine.start()
        await engine.submit(GrantScope(user_id, scope), system_context("test", 1))
        await engine.close()
        await log.close()

    async def state(self, stream: str) -> Any:
        """Of an aggregate."""
        return fold(stream, (await self.log.load([stream]))[stream]).state

    def problems(self) -> list[Problem]:
        """Of the log, as ``kontor verify`` finds them."""
        return verify(log_urls(self.deployment.settings)).problems


async def until_readable(http: httpx.AsyncClient) -> None:
    """Returns when all workers have begun: what is written can be read everywhere."""
    seller = await open_shop(http, "First of all")
    until = time.monotonic() + READY_S
    for path in ("/api/products", f"/api/shops/{seller.shop_id}", f"/api/shops/{seller.shop_id}/orders"):
        while (answer := await seller.shopper.send("GET", path)).status_code != 200 or DEGRADED in answer.headers:
            assert time.monotonic() < until, answer.text
            await asyncio.sleep(0.1)


class ByMethod(httpx.AsyncBaseTransport):
    """Queries go to the query service and everything else to the command service, as a gateway would have it."""

    def __init__(self, write: int, read: int) -> None:
        self._ports = {True: read, False: write}
        self._transport = httpx.AsyncHTTPTransport()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        port = self._ports[request.method in ("GET", "HEAD")]
        request.url = request.url.copy_with(host="127.0.0.1", port=port)
        return await self._transport.handle_async_request(request)

    async def aclose(self) -> None:
        await self._transport.aclose()


@asynccontextmanager
async def everything(
    folder: Path,
    *names: str,
    postgres: str | None = None,
    logs: int = 1,
    start: Start = Part.begin,
    **settings: str,
) -> AsyncIterator[Everything]:
    """With these processes, and the payment provider; ``postgres`` is another server's URL."""
    with namespace(postgres, logs) as environment:
        async with deployed(environment | settings, folder, *names, start=start) as house:
            yield house


@contextmanager
def lasting(folder: Path, *names: str, **how: Any) -> Iterator[Deployment]:
    """The same for several tests, whose event loops it outlives. In the end all that they did is proved once more."""
    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        running = everything(folder, *names, **how)
        house = runner.run(running.__aenter__())
        try:
            yield house.deployment
            runner.run(house.deployment.proved())
        finally:
            runner.run(running.__aexit__(None, None, None))


@asynccontextmanager
async def deployed(
    environment: Mapping[str, str], folder: Path, *names: str, start: Start = Part.begin
) -> AsyncIterator[Everything]:
    """The same, under names that are there already."""
    async with running(environment, folder, *names, start=start) as deployment, entered(deployment) as house:
        await until_readable(house.http)
        yield house


@asynccontextmanager
async def running(
    environment: Mapping[str, str], folder: Path, *names: str, start: Start = Part.begin
) -> AsyncIterator[Deployment]:
    """Whichever processes are named, and the payment provider, once they are ready."""
    ports = {name: free_port() for name in (*names, "gateway")}
    environment = {
        "KONTOR_OBJECTS_FOLDER": str(
            folder / "objects"
        ),  # all that they share but the servers, as in docker-compose.yml
        **environment,
        "KONTOR_PROVIDER_URL": f"http://127.0.0.1:{ports['gateway']}",
    }
    if "write" in ports:
        callbacks = f"http://127.0.0.1:{ports['write']}/api/webhooks/payments/simulated"
        environment["KONTOR_PROVIDER_CALLBACKS"] = callbacks
    parts = {name: part(name, folder, environment, port) for name, port in ports.items()}
    try:
        for one in parts.values():
            start(one)
        await asyncio.gather(*(one.ready() for one in parts.values()))
        yield Deployment(folder, environment, parts, ports)
    finally:
        codes = {name: one.stop() for name, one in parts.items()}
        await delete_topic(environment["KONTOR_NAMESPACE"])
    assert set(codes.values()) == {0}, codes


def part(name: str, folder: Path, environment: Mapping[str, str], port: int) -> Part:
    return Part(name, folder, {**environment, "KONTOR_PORT": str(port), "KONTOR_METRICS_PORT": str(port)})


@asynccontextmanager
async def entered(deployment: Deployment) -> AsyncIterator[Everything]:
    """By a test, whose event loop is its own."""
    log = open_to_follow(deployment.settings, now_ms)
    provider = SimulatedGateway(
        DataFolder(deployment.folder / "gateway").provider, deployment.environment["KONTOR_PROVIDER_SECRET"]
    )
    await provider.start()
    transport = ByMethod(deployment.ports["write"], deployment.ports["read"])
    try:
        async with httpx.AsyncClient(transport=transport, base_url="http://kontor.test", timeout=30) as http:
            yield Everything(deployment, log, http, provider)
    finally:
        await provider.close()
        await log.close()


@asynccontextmanager
async def beside(deployment: Deployment, **settings: str) -> AsyncIterator[Deployment]:
    """The same deployment, by way of one more command service that has settings of its own."""
    port = free_port()
    folder = Path(tempfile.mkdtemp(dir=deployment.folder))
    write = part("write", folder, {**deployment.environment, **settings}, port)
    write.start()
    try:
        await write.ready()
        yield replace(deployment, ports={**deployment.ports, "write": port})
    finally:
        code = write.stop()
    assert code == 0


@contextmanager
def namespace(postgres: str | None = None, logs: int = 1) -> Iterator[dict[str, str]]:
    """The environment of one deployment; what it left on the servers is deleted afterwards."""
    for server in VARIABLES:
        address(server)
    name = f"t{os.getpid()}_{secrets.token_hex(3)}"
    postgres = postgres or os.environ["KONTOR_POSTGRES_URL"]
    own = f"{postgres}{'&' if '?' in postgres else '?'}options=-csearch_path%3D{name}"
    more = [f"_log_{number}" for number in range(1, logs)]
    try:
        yield {
            **os.environ,
            "KONTOR_PROFILE": "full",
            "KONTOR_NAMESPACE": name,
            "KONTOR_POSTGRES_URL": own,
            "KONTOR_POSTGRES_MORE_URLS": json.dumps([own + end for end in more]),
            "KONTOR_VAULT_URL": f"{own}_vault",
            "KONTOR_PROVIDER_SECRET": base64.b64encode(secrets.token_bytes(32)).decode(),
            "KONTOR_RATE_LIMITS": "false",
            "KONTOR_CASSANDRA_CONSISTENCY": "LOCAL_ONE",
        }
    finally:
        clean(name, postgres, more)


def clean(name: str, postgres: str, more: Sequence[str] = ()) -> None:
    import psycopg
    import redis

    with psycopg.connect(postgres, autocommit=True) as connection:
        for schema in (name, f"{name}_vault", *(name + end for end in more)):
            connection.execute(f"DROP SCHEMA IF EXISTS {schema} CASCADE".encode())
    with redis.Redis.from_url(os.environ["KONTOR_REDIS_URL"]) as client:
        for key in client.scan_iter(match=f"{name}*", count=1000):
            client.unlink(key)
    elastic: Any = httpx.Client(base_url=os.environ["KONTOR_ELASTICSEARCH_URL"])
    for index in elastic.get(f"/{name}-*?expand_wildcards=all").json():
        elastic.delete(f"/{index}")
    elastic.close()
    drop(CassandraSettings(hosts(), name))


async def delete_topic(name: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=os.environ["KONTOR_KAFKA"])
    await admin.start()
    await admin.delete_topics([f"{name}.events", f"{name}.signals"])
    await admin.close()


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])
