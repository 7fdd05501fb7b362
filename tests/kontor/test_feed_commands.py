"""``kontor feeds``: what there is, and asking for a run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from commands.context import system_context
from domain.feedstate import feeds_id
from domain.feedterms import FeedTerms
from domain.ids import new_id
from domain.merchantfeed import PutFeed
from domain.shop import OpenShop
from kontor.desk import desk
from kontor.settings import Settings
from tests.e2e.house import kontor

NOW = 1_800_000_000_000
SHOP = new_id("shop", NOW, bytes(10))


@pytest.mark.slow
async def test_feeds_are_listed_and_run(tmp_path: Path) -> None:
    data = tmp_path / "data"
    async with desk(Settings(data=data)) as at:
        context = system_context("test", NOW)
        await at.engine.submit(OpenShop(SHOP, "usr_1", "Nordwald", "US", "USD"), context)
        terms = FeedTerms("stock", "https://feeds.example/stock")
        await at.engine.submit(PutFeed(feeds_id(SHOP), "stock", terms, NOW), context)
    listed = kontor("feeds", "list", SHOP, "--json", data=data)
    assert listed.returncode == 0, listed.stderr
    [feed] = map(json.loads, listed.stdout.splitlines())
    assert (feed["name"], feed["what"], feed["nextRunAt"]) == ("stock", "stock", None)
    asked = kontor("feeds", "run", SHOP, "stock", data=data)
    assert asked.returncode == 0, asked.stderr
    assert asked.stdout.startswith("run_")
    refused = kontor("feeds", "run", SHOP, "stock", data=data)
    assert (refused.returncode, "is to begin already" in refused.stderr) == (1, True)
    async with desk(Settings(data=data)) as at:
        assert (await at.engine.state(feeds_id(SHOP))).feeds["stock"].asked is not None
