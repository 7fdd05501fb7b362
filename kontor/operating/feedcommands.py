"""``kontor feeds``: a shop's feeds from the command line, beside a service or not."""

from __future__ import annotations

import secrets
from typing import Any

import msgspec
from rich.table import Table

from commands.aggregates import fold
from commands.context import system_context
from commands.store.port import EventLog
from domain.errors import DomainError
from domain.ids import new_id
from domain.sellers.feedstate import ShopFeeds, feeds_id
from domain.sellers.merchantfeed import AskRun
from domain.sellers.shop import require_open
from kontor import console
from kontor.loop import run
from kontor.settings import Settings
from kontor.wiring.desk import desk, looking, require_there
from readapi.shown.merchantfeeds import feed_json


def run_list(settings: Settings, shop_id: str, *, as_json: bool) -> None:
    run(_list(settings, shop_id, as_json))


def run_now(settings: Settings, shop_id: str, name: str, *, anew: bool) -> None:
    """The service, or `work processes`, begins it."""
    run(_now(settings, shop_id, name, anew))


async def _list(settings: Settings, shop_id: str, as_json: bool) -> None:
    async with looking(settings) as log:
        found = await _feeds(log, shop_id)
    feeds = [feed_json(name, feed) for name, feed in sorted(found.feeds.items())]
    if as_json:
        for feed in feeds:
            console.out.print(msgspec.json.encode(feed).decode(), markup=False)
        return
    titles = ("feed", "rows", "source", "status", "next run", "last run", "read", "changed", "rejected")
    table = Table(*titles, box=None, pad_edge=False)
    for feed in feeds:
        last = feed["lastRun"] or {"status": "", "counts": {"read": "", "changed": "", "rejected": ""}}
        counts = [str(last["counts"][name]) for name in ("read", "changed", "rejected")]
        row = (feed["name"], feed["what"], feed["source"], feed["status"], feed["nextRunAt"] or "", last["status"])
        table.add_row(*map(str, row), *counts)
    console.table(table)


async def _now(settings: Settings, shop_id: str, name: str, anew: bool) -> None:
    require_there(settings)
    async with desk(settings) as at:
        await _feeds(at.log, shop_id)
        now = at.clock()
        run_id = new_id("feed_run", now, secrets.token_bytes(10))
        try:
            await at.engine.submit(AskRun(feeds_id(shop_id), name, run_id, now, anew), system_context("feeds", now))
        except DomainError as refusal:
            console.fail(f"{name}: {refusal.detail}")
    console.out.print(f"{run_id} begins as soon as a service is there to run it", markup=False)


async def _feeds(log: EventLog, shop_id: str) -> ShopFeeds:
    """As of the last commit."""
    shop, stream = shop_id if shop_id.startswith("shp_") else "shp_", feeds_id(shop_id)
    found = await log.load([shop, stream])
    states: dict[str, Any] = {name: fold(name, loaded).state for name, loaded in found.items()}
    try:
        require_open(states[shop])
    except DomainError as refusal:
        console.fail(f"{refusal.detail}: {shop_id}")
    feeds: ShopFeeds = states[stream]
    return feeds
