"""The full profile as users run it: a process for each part, on the servers of stack/, under names of its own."""

from __future__ import annotations

import asyncio
import base64
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import httpx
from aiokafka.admin import AIOKafkaAdminClient

from commands.store.postgres import PostgresLog
from projections.cassandraviews.settings import CassandraSettings
from tests.cassandra import drop, hosts
from tests.e2e.market import open_shop
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
        self._popen: subprocess.Popen[bytes] | None = None
        self._said_before = 0

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


class Everything:
    """What tests of journeys ask of a house."""

    def __init__(
        self,
        folder: Path,
        environment: Mapping[str, str],
        parts: Mapping[str, Part],
        ports: Mapping[str, int],
        log: PostgresLog,
        http: httpx.AsyncClient,
    ) -> None:
        self.environment = environment
        self.parts = parts
        self.urls = {name: f"http://127.0.0.1:{port}" for name, port in ports.items()}
        """Of the services, and of the others' metrics."""
        self.log = log
        self.http = http
        self.folder = folder / "gateway"
        """Where the payment provider has its records."""

    async def head(self) -> int:
        return await self.log.head()


async def shown(http: httpx.AsyncClient) -> None:
    """Returns when all workers have begun: what is written can be read everywhere."""
    seller = await open_shop(http, "First of all")
    until = time.monotonic() + READY_S
    for path in ("/api/products", f"/api/shops/{seller.shop_id}", f"/api/shops/{seller.shop_id}/orders"):
        while (answer := await seller.shopper.send("GET", path)).status_code != 200:
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
async def everything(folder: Path, *names: str, postgres: str | None = None) -> AsyncIterator[Everything]:
    """With these processes, and the payment provider; ``postgres`` is another server's URL."""
    with namespace(postgres) as environment:
        async with deployed(environment, folder, *names) as house:
            yield house


@asynccontextmanager
async def deployed(environment: Mapping[str, str], folder: Path, *names: str) -> AsyncIterator[Everything]:
    """The same, under names that are there already."""
    ports = {name: free_port() for name in (*names, "gateway")}
    environment = {
        **environment,
        "KONTOR_PROVIDER_URL": f"http://127.0.0.1:{ports['gateway']}",
        "KONTOR_PROVIDER_CALLBACKS": f"http://127.0.0.1:{ports['write']}/api/webhooks/payments/simulated",
    }
    parts = {
        name: Part(name, folder, environment | {"KONTOR_PORT": str(port), "KONTOR_METRICS_PORT": str(port)})
        for name, port in ports.items()
    }
    log = PostgresLog.open(environment["KONTOR_POSTGRES_URL"])
    transport = ByMethod(ports["write"], ports["read"])
    try:
        for part in parts.values():
            part.start()
        await asyncio.gather(*(part.ready() for part in parts.values()))
        async with httpx.AsyncClient(transport=transport, base_url="http://kontor.test", timeout=30) as http:
            await shown(http)
            yield Everything(folder, environment, parts, ports, log, http)
    finally:
        codes = {name: part.stop() for name, part in parts.items()}
        await log.close()
        await delete_topic(environment["KONTOR_NAMESPACE"])
    assert set(codes.values()) == {0}, codes


@contextmanager
def namespace(postgres: str | None = None) -> Iterator[dict[str, str]]:
    """The environment of one deployment; what it left on the servers is deleted afterwards."""
    for server in VARIABLES:
        address(server)
    name = f"t{os.getpid()}_{secrets.token_hex(3)}"
    postgres = postgres or os.environ["KONTOR_POSTGRES_URL"]
    own = f"{postgres}{'&' if '?' in postgres else '?'}options=-csearch_path%3D{name}"
    try:
        yield {
            **os.environ,
            "KONTOR_PROFILE": "full",
            "KONTOR_NAMESPACE": name,
            "KONTOR_POSTGRES_URL": own,
            "KONTOR_VAULT_URL": f"{own}_vault",
            "KONTOR_PROVIDER_SECRET": base64.b64encode(secrets.token_bytes(32)).decode(),
            "KONTOR_RATE_LIMITS": "false",
            "KONTOR_CASSANDRA_CONSISTENCY": "LOCAL_ONE",
        }
    finally:
        clean(name, postgres)


def clean(name: str, postgres: str) -> None:
    import psycopg
    import redis

    with psycopg.connect(postgres, autocommit=True) as connection:
        for schema in (name, f"{name}_vault"):
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
    await admin.delete_topics([f"{name}.events"])
    await admin.close()


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])
