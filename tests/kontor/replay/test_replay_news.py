"""What a replay says of itself to services: how far it is while it works, and how it ended."""

from __future__ import annotations

import asyncio
import time
from itertools import count

import pytest
from redis import Redis, RedisError

from kontor.folder import DataFolder
from kontor.replay.noting import EVERY_MS, Noting
from kontor.replay.rebuilding import Rebuilding
from kontor.replay.telling import Telling
from kontor.replay.views import Views, opened
from projections.orders.projector import ORDERS
from projections.redisviews.replaynews import NewsToRedis, news
from projections.redisviews.server import RedisServer
from projections.stock.projector import STOCK
from streams.history.replaynews import KEPT_MS, News, current, encode
from tests.kontor.replay.replaying import damage, replay

OLD = News("stock", "stock", "swap", "", 0, 1_000, end="done")
HALF = {"position": 50, "upto": 100, "events_per_s": 10, "rows_per_s": 3, "left_s": 5.0}


class Heard:
    """Everything that was said, in order."""

    def __init__(self) -> None:
        self.news: list[News] = []

    def put(self, said: bytes) -> None:
        one = current(said, 0)
        assert one is not None
        self.news.append(one)


def last(folder: DataFolder) -> News:
    said = current(folder.replay_news.read_bytes(), time.time_ns() // 1_000_000)
    assert said is not None
    return said


async def test_it_tells_how_far_it_is_how_fast_and_how_long(folder: DataFolder, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("projections.generations.Generation.page", 20)
    heard, instants = Heard(), count(0, EVERY_MS)  # so late each time that each page is told
    with opened(folder) as (log, connection):
        head = log.head()
        tell = Telling(as_json=True, note=Noting("all", heard.put, lambda: next(instants)))
        Rebuilding(Views(log, connection), tell).replay([STOCK, ORDERS], from_scratch=True, dry=True)
    folding = [one for one in heard.news if one.projection == "all"]
    done = [one.done or 0 for one in folding]
    assert (done[0], done[-1]) == (0, head)
    assert done == sorted(done)
    assert len(done) > 5
    for one in folding[1:]:
        assert one.step == "fold"
        assert one.total == head
        assert one.speed is not None
        assert one.speed.events_per_s > 0
        assert one.speed.left_s is not None
    assert {one.projection for one in heard.news if one.step == "compare"} == {"stock", "orders"}
    assert not any(one.end for one in heard.news)


async def test_it_does_not_tell_every_page(folder: DataFolder):
    heard, instants = Heard(), iter([0, 1, 2, 3, 2 + EVERY_MS, 2 + EVERY_MS, 2 + EVERY_MS])
    note = Noting("stock", heard.put, lambda: next(instants))
    note.step("begin", "stock", "from the beginning")
    for _ in range(3):
        note.folding("stock", HALF)
    assert [one.step for one in heard.news] == ["begin", "fold", "fold"]
    note.folding("stock", {**HALF, "position": 100})
    assert heard.news[-1].done == 100


async def test_how_it_ended(folder: DataFolder):
    replay(folder, "stock")
    done = last(folder)
    assert (done.asked, done.step, done.end) == ("stock", "swap", "done")
    assert "the old one is kept" in done.said
    damage(folder)
    with pytest.raises(SystemExit):
        replay(folder, "stock", verify=True)
    refused = last(folder)
    assert refused.end == "refused"
    assert "differ in 2 places" in refused.said


async def test_interrupted(folder: DataFolder, monkeypatch: pytest.MonkeyPatch):
    def compared(*arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Views, "compared", compared)
    with pytest.raises(SystemExit):
        replay(folder, "stock")
    assert last(folder).end == "interrupted"


async def test_of_what_was_never_begun_nothing_is_told(folder: DataFolder):
    with pytest.raises(SystemExit):
        replay(folder, "nothing")
    assert not folder.replay_news.exists()


async def test_it_goes_on_where_nothing_can_be_left(folder: DataFolder):
    folder.replay_news.mkdir(parents=True)  # no file can take its place
    replay(folder, "stock", verify=True)


@pytest.mark.parametrize("said", [None, b"", b"{}", b'{"asked": 1}', b"\xff"])
def test_other_words_are_no_news(said: bytes | None):
    assert current(said, 0) is None


def test_news_of_another_day_are_none():
    assert current(encode(OLD), OLD.at + KEPT_MS - 1) == OLD
    assert current(encode(OLD), OLD.at + KEPT_MS) is None


@pytest.mark.stack
async def test_services_find_it_in_redis(redis_url: str, redis_prefix: str):
    server = RedisServer(redis_url)
    try:
        assert await news(server, redis_prefix) is None
        with NewsToRedis(redis_url, redis_prefix) as out:
            await asyncio.to_thread(out.put, encode(OLD))
        assert await news(server, redis_prefix) == encode(OLD)
    finally:
        await server.close()


def test_without_redis_it_goes_on_and_asks_seldom(monkeypatch: pytest.MonkeyPatch):
    asked: list[bytes] = []

    def away(client: Redis, name: str, said: bytes) -> None:
        asked.append(said)
        raise RedisError

    monkeypatch.setattr(Redis, "set", away)
    with NewsToRedis("redis://127.0.0.1:1/0") as out:
        out.put(b"first")
        out.put(b"second")
        assert asked == [b"first"]
        monkeypatch.setattr("projections.redisviews.replaynews.time.monotonic", lambda: time.perf_counter() + 1e9)
        out.put(b"third")
    assert asked == [b"first", b"third"]
