"""The sink in Redis, on a real server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from projections.redisviews.server import RedisServer
from projections.redisviews.sink import EVENTS_MAX, RedisSink
from projections.sink import Sink
from projections.views import Place, ViewsUnavailable
from tests.contracts.sink import SinkContract
from tests.contracts.views import TALK, said

pytestmark = pytest.mark.stack


class TestRedisSink(SinkContract):
    @pytest.fixture(autouse=True)
    def _place(self, redis_url: str, redis_prefix: str) -> None:
        self.url, self.prefix = redis_url, redis_prefix

    @asynccontextmanager
    async def sink(self, folder: Path) -> AsyncIterator[Sink]:
        server = RedisServer(self.url)
        yield RedisSink(server, (TALK,), self.prefix)
        await server.close()

    async def test_a_large_owner_is_paged_through_many_ties(self, opened: Sink):
        """Of 1,500 rows 500 each have the same order; a page begins and ends anywhere among them."""
        events = [said(n, f"k{n:04d}", "x" * (n % 3)) for n in range(1, 1501)]
        await opened.write(0, 1500, events)
        expected = sorted((n % 3, f"k{n:04d}") for n in range(1, 1501))
        for backwards in (False, True):
            seen: list[tuple[int, str]] = []
            after = None
            while page := await opened.listed("talk", "length", "k", limit=70, after=after, backwards=backwards):
                seen += [(len("".join(row.texts)), key) for key, row in page]
                after = Place(*seen[-1])
            assert seen == (expected[::-1] if backwards else expected)
        assert len(await opened.listed("talk", "length", "k", limit=5_000)) == 1500

    async def test_large_calls_of_one_moment_and_their_repetition(self, opened: Sink, tmp_path: Path):
        """Each stream begins in them. Another process, which knows of no row, repeats them and changes nothing."""
        parts = range(4)
        events = {
            part: [said(n, f"k{part}.{n}", str(n), version=1) for n in range(1, EVENTS_MAX + 2)] for part in parts
        }
        async with self.sink(tmp_path) as other:
            for sink in (opened, other):
                await asyncio.gather(*(sink.write(part, EVENTS_MAX + 1, events[part]) for part in parts))
                assert await sink.progress() == dict.fromkeys(parts, EVENTS_MAX + 1)
                assert await sink.counts("talk", "last") == {str(n): len(parts) for n in range(1, EVENTS_MAX + 2)}
        known = await opened.get_many("talk", [event.stream for some in events.values() for event in some])
        assert {key: row.texts for key, row in known.items()} == {
            event.stream: (event.event.text,) for some in events.values() for event in some
        }

    async def test_of_large_calls_of_one_moment_one_fails_alone(self, opened: Any, monkeypatch: pytest.MonkeyPatch):
        async def store(names: Any, upto: Any, batch: Any) -> bool:
            if 0 in upto:
                raise ViewsUnavailable("no answer")
            return bool(await send(names, upto, batch))

        send = opened._store
        monkeypatch.setattr(opened, "_store", store)
        events = [said(n, f"k{n}", "x", version=1) for n in range(1, EVENTS_MAX + 1)]
        outcomes = await asyncio.gather(
            *(opened.write(part, EVENTS_MAX, events) for part in (0, 1)), return_exceptions=True
        )
        assert isinstance(outcomes[0], ViewsUnavailable)
        assert len(outcomes[1]["talk"]) == EVENTS_MAX
        assert await opened.progress() == {1: EVENTS_MAX}
