"""``kontor feeds``: a shop's feeds from the command line, beside a service or not."""

from __future__ import annotations

import secrets

import msgspec
from rich.table import Table

from commands.context import system_context
from domain.errors import DomainError
from domain.ids import new_id
from domain.sellers.feedstate import ShopFeeds, feeds_id
from domain.sellers.merchantfeed import AskRun
from domain.sellers.shop import require_open
from kontor import console
from kontor.loop import run
from kontor.settings import Settings
from kontor.wiring.desk import Commanding, desk, require_there
from readapi.shown.merchantfeeds import feed_json


def run_list(settings: Settings, shop_id: str, *, as_json: bool) -> None:
    run(_list(settings, shop_id, as_json))


def run_now(settings: Settings, shop_id: str, name: str, *, anew: bool) -> None:
    """The service, or `work processes`, begins it."""
    run(_now(settings, shop_id, name, anew))


async def _list(settings: Settings, shop_id: str, as_json: bool) -> None:
    require_there(settings)
    async with desk(settings) as at:
        feeds = [feed_json(name, feed) for name, feed in sorted((await _feeds(at, shop_id)).feeds.items())]
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
        await _feeds(at, shop_id)
        now = at.clock()
        run_id = new_id("feed_run", now, secrets.token_bytes(10))
        try:
            await at.engine.submit(AskRun(feeds_id(shop_id), name, run_id, now, anew), system_context("feeds", now))
        except DomainError as refusal:
            console.fail(f"{name}: {refusal.detail}")
    console.out.print(f"{run_id} begins as soon as a service is there to run it", markup=False)


async def _feeds(at: Commanding, shop_id: str) -> ShopFeeds:
    try:
        require_open(await at.engine.state(shop_id if shop_id.startswith("shp_") else "shp_"))
    except DomainError as refusal:
        console.fail(f"{refusal.detail}: {shop_id}")
    feeds: ShopFeeds = await at.engine.state(feeds_id(shop_id))
    return feeds
