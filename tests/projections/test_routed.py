"""Views of several stores, held to the contract of one."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from domain.recorded import Recorded
from projections.projector import Projection
from projections.routed import RoutedViews, routed
from projections.sqlite import SQLiteViews
from tests.contracts.views import TALK, TALK_ROWS, ViewsContract, said

GOSSIP = Projection("gossip", 1, (replace(TALK_ROWS, name="gossip"),))


class InTwoFiles:
    def __init__(self, folder: Path) -> None:
        self.talk = SQLiteViews(folder / "talk.db", (TALK,))
        self.gossip = SQLiteViews(folder / "gossip.db", (GOSSIP,))
        self.views: RoutedViews = routed((self.talk, (TALK,)), (self.gossip, (GOSSIP,)))

    async def fold(self, events: Sequence[Recorded]) -> None:
        self.talk.apply(["talk"], events)

    def close(self) -> None:
        self.talk.close()
        self.gossip.close()


class TestRoutedViews(ViewsContract):
    @asynccontextmanager
    async def open(self, folder: Path) -> AsyncIterator[InTwoFiles]:
        opened = InTwoFiles(folder)
        yield opened
        opened.close()


async def test_each_table_is_asked_of_its_store(tmp_path: Path):
    both = InTwoFiles(tmp_path)
    both.gossip.apply(["gossip"], [said(1, "a", "psst")])
    assert await both.views.get("talk", "a") is None
    assert (await both.views.get("gossip", "a")).texts == ("psst",)
    assert await both.views.counts("gossip", "last") == {"psst": 1}
    assert both.views.of("talk") is both.talk
    with pytest.raises(KeyError):
        await both.views.get("nowhere", "a")
    both.close()
