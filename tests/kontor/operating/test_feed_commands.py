"""``kontor feeds``: what there is, and asking for a run."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from commands.context import system_context
from domain.ids import new_id
from domain.sellers.feedstate import feeds_id
from domain.sellers.feedterms import FeedTerms
from domain.sellers.merchantfeed import PutFeed
from domain.sellers.shop import OpenShop
from kontor.operating.feedcommands import run_list, run_now
from kontor.settings import Settings
from kontor.wiring.desk import desk

NOW = 1_800_000_000_000
SHOP = new_id("shop", NOW, bytes(10))


async def set_up(settings: Settings) -> None:
    async with desk(settings) as at:
        context = system_context("test", NOW)
        await at.engine.submit(OpenShop(SHOP, "usr_1", "Nordwald", "US", "USD"), context)
        terms = FeedTerms("stock", "https://feeds.example/stock")
        await at.engine.submit(PutFeed(feeds_id(SHOP), "stock", terms, NOW), context)


async def asked(settings: Settings) -> str:
    async with desk(settings) as at:
        waiting = (await at.engine.state(feeds_id(SHOP))).feeds["stock"].asked
        return str(waiting.run_id)


def test_feeds_are_listed_and_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings = Settings(data=tmp_path / "data")
    asyncio.run(set_up(settings))
    run_list(settings, SHOP, as_json=True)
    [feed] = map(json.loads, capsys.readouterr().out.splitlines())
    assert (feed["name"], feed["what"], feed["nextRunAt"]) == ("stock", "stock", None)
    run_list(settings, SHOP, as_json=False)
    assert "stock" in capsys.readouterr().out

    run_now(settings, SHOP, "stock", anew=False)
    assert capsys.readouterr().out.startswith(asyncio.run(asked(settings)))
    for wrong in ((SHOP, "stock"), (SHOP, "none"), ("shp_none", "stock"), ("usr_1", "stock")):
        with pytest.raises(SystemExit):
            run_now(settings, *wrong, anew=False)
    assert "is to begin already" in capsys.readouterr().err


def test_looking_makes_no_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings = Settings(data=tmp_path / "nowhere")
    for ask in (lambda: run_list(settings, SHOP, as_json=True), lambda: run_now(settings, SHOP, "stock", anew=False)):
        with pytest.raises(SystemExit):
            ask()
        assert "there is no event log in" in capsys.readouterr().err
    assert not settings.data.exists()
