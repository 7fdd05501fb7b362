"""A network between Kontor's processes and its servers that fails on demand.

It lives in a thread of its own: whoever waits for a server in the thread of the test waits for nothing else.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Iterator, Mapping
from contextlib import contextmanager
from random import Random
from typing import TypeVar
from urllib.parse import urlsplit

from tests.commands.proxy import Proxy
from tests.needed import VARIABLES, address

T = TypeVar("T")
CUT = 0.1
"""Of the pieces that come through, those before which the connection breaks."""
LATE_S, PER_S = 0.05, 200_000


class Network:
    """Each server by a way of its own, which is sound until it is told otherwise."""

    def __init__(self, loop: asyncio.AbstractEventLoop, chance: Random) -> None:
        self._loop = loop
        self._chance = chance
        self._ways: dict[str, Proxy] = {}
        self._places: dict[str, str] = {}
        """Host and port of each server, and what stands in for them."""

    def lead(self, server: str) -> None:
        real = _place(address(server))
        way = Proxy(f"tcp://{real}")
        through = _place(self._do(way.start()))
        if server == "kafka":  # whoever has asked one broker for the others goes to where it says
            way.answered_as = (_named(real), _named(through))
        self._ways[server], self._places[real] = way, through

    def led(self, environment: Mapping[str, str]) -> dict[str, str]:
        """The environment in which every server is found by its way."""
        changed = dict(environment)
        for name in filter(lambda name: name.startswith("KONTOR_"), environment):
            for real, through in self._places.items():
                changed[name] = changed[name].replace(real, through)
        return changed

    def cut_at_random(self, server: str) -> None:
        self._ways[server].cut_at_random(self._chance, CUT)

    def slow(self, server: str) -> None:
        self._ways[server].delay_s, self._ways[server].per_s = LATE_S, PER_S

    def go_silent(self, server: str) -> None:
        """Half open: what was connected stays so, and nothing comes through any more."""
        self._loop.call_soon_threadsafe(self._ways[server].go_silent)

    def cuts(self, server: str) -> int:
        """Connections that broke at random so far."""
        return self._ways[server].cuts

    def mend(self, server: str) -> None:
        self._do(self._ways[server].mend())

    def close(self) -> None:
        for way in self._ways.values():
            self._do(way.close())

    def _do(self, work: Awaitable[T]) -> T:
        async def done() -> T:
            return await work

        return asyncio.run_coroutine_threadsafe(done(), self._loop).result(20)


@contextmanager
def network(seed: int) -> Iterator[Network]:
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="network", daemon=True)
    thread.start()
    made = Network(loop, Random(seed))
    try:
        for server in VARIABLES:
            made.lead(server)
        yield made
    finally:
        made.close()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def _place(url: str) -> str:
    parts = urlsplit(url if "://" in url else f"tcp://{url}")
    return f"{parts.hostname}:{parts.port}"


def _named(place: str) -> bytes:
    """As Kafka's answers name a broker: the host's text, then the port in four bytes."""
    host, _, port = place.partition(":")
    return host.encode() + int(port).to_bytes(4, "big")
