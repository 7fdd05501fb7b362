"""Commands that look at several logs on servers: one order, one proof, names of all of them."""

from __future__ import annotations

import pytest

from commands.errors import UnusableLog
from commands.logs.served import FollowedServedLogs, open_served
from commands.store.port import Row
from domain.ids import offer_id, stock_id
from kontor.operating.status import config_of
from kontor.proving.evidence import evidence
from kontor.proving.verifying import verify
from kontor.settings import Settings
from kontor.wiring.logservers import open_to_follow
from tests.commands.driving import SHOP, SKU, STOCK, Clock

pytestmark = pytest.mark.stack


def settings_of(urls: tuple[str, ...]) -> Settings:
    return Settings(profile="full", postgres_url=urls[0], postgres_more_urls=urls[1:])


def test_the_examiner_sees_one_log(several_servers):
    report = verify(several_servers)
    assert report.problems == []
    with evidence(several_servers) as seen:
        rows = [Row._make(row) for row in seen.rows(0, 1_000)]
        assert [row.position for row in rows] == list(range(1, report.head + 1))
        assert rows[-1].stream == STOCK
        walked = [Row._make(row) for page in seen.events() for row in page]
        assert walked == sorted(rows, key=lambda row: (row.stream.encode(), row.version))


def test_all_of_them_are_to_be_named_in_their_order(several_servers):
    one, two, three = several_servers
    for named in (one, two, (one, two), (one, three, two), (two, one, three)):
        with pytest.raises(UnusableLog, match="not all the event logs of one shop"):
            verify(named)


async def test_names_are_those_of_all_logs(several_servers):
    log = open_to_follow(settings_of(several_servers), Clock())
    shop = SHOP
    stock = sorted(stock_id(shop, sku) for sku in (SKU, "DESK-1", "LAMP-1"))
    assert await log.streams_between(stock_id(shop, ""), f"stk_{shop}/", 10) == stock
    assert await log.streams_between(stock_id(shop, ""), f"stk_{shop}/", 2, backwards=True) == stock[:0:-1]
    assert await log.offers_of("DESK-1", 10) == [offer_id(shop, "DESK-1")]
    placed = await log.placed_with(shop, 10_000, 10)
    assert len(placed) == 3
    assert await log.placed_with(shop, 10_000, 2) == placed[:2]
    await log.close()


async def test_who_follows_sees_what_was_never_put_in_order_once_somebody_cuts(several_servers):
    log = FollowedServedLogs(*open_served(several_servers, 0))
    before = await log.head()
    await log.cut()
    rows = await log.read(before, 10)
    assert [row.stream for row in rows][-1] == STOCK
    assert (await log.read_stream(STOCK))[-1].position == before + len(rows)
    await log.close()


def test_what_is_set_tells_no_password_and_nothing_as_nothing(monkeypatch: pytest.MonkeyPatch):
    assert config_of(Settings())["postgres_more_urls"]["value"] == []
    monkeypatch.setenv("KONTOR_POSTGRES_MORE_URLS", '["postgresql://app:s3cr3t@db/kontor"]')
    assert config_of(Settings())["postgres_more_urls"] == {"value": "***", "source": "environment"}
