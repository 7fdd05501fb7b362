"""`kontor replay search`: another index beside the one that is shown, while its writer goes on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from commands.logs.merged import MergedLog
from kontor.folder import DataFolder
from kontor.replay.search import compare
from kontor.replay.telling import Telling
from projections.search import facets, tantivy_counting
from projections.search.document import SearchDocument
from projections.search.places import Places
from projections.search.port import SearchQuery
from projections.search.tantivy_index import TantivyIndex
from tests.e2e.house import House, in_process
from tests.e2e.market import Seller, open_shop
from tests.kontor.replay.replaying import replay, steps
from tests.waiting import until

pytestmark = pytest.mark.slow


@pytest.fixture(params=[None, 4], ids=["one-log", "four-logs"])
async def house(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[House]:
    async with in_process(tmp_path / "data", logs=request.param) as house:
        yield house


async def replayed(house: House, **wishes: Any) -> None:
    await asyncio.to_thread(replay, DataFolder(house.folder), "search", **wishes)


async def seller_of_some(house: House) -> Seller:
    seller = await open_shop(house.http)
    for _ in range(3):
        await seller.sells(5)
    await until_shown(house)
    return seller


async def until_shown(house: House) -> None:
    """Searches show everything that was ever recorded."""
    if isinstance(house.log, MergedLog):
        await house.log.cut()
    assert await house.services.indexer.wait_for(await house.head(), 10)


def total(house: House) -> int:
    return house.services.search.search(SearchQuery()).total


def place(house: House) -> str:
    return Places(DataFolder(house.folder).search).current().name


def lose_a_document(house: House, product_id: str) -> None:
    house.services.search.apply([], [product_id])
    house.services.search.commit(house.services.indexer.position)


async def test_the_service_goes_over_to_the_new_index_and_back(house: House, capsys: pytest.CaptureFixture[str]):
    seller = await seller_of_some(house)
    (lost,) = house.services.search.search(SearchQuery(limit=1)).product_ids
    lose_a_document(house, lost)
    assert total(house) == 2
    generation = house.services.indexer.generation
    await replayed(house)
    lines = steps(capsys)
    (compared,) = [one for one in lines if one["step"] == "compare"]
    assert "all: 2 live, 3 new" in compared["differences"]
    assert lines[-1]["step"] == "swap"
    assert place(house) == "g1"
    await seller.sells(5)
    await until_shown(house)
    assert total(house) == 4
    assert house.services.indexer.generation > generation
    await replayed(house, rollback=True)
    assert place(house) == "index"
    await seller.sells(5)
    await until_shown(house)
    assert total(house) == 4, "what was lost is still lost, and what came since is there"
    await replayed(house, rollback=True)
    await seller.sells(5)
    await until_shown(house)
    assert total(house) == 6


async def test_a_quiet_shop_shows_it_too(house: House, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("streams.indexing.indexer.LOOK_S", 0.1)
    await seller_of_some(house)
    (lost,) = house.services.search.search(SearchQuery(limit=1)).product_ids
    lose_a_document(house, lost)
    await replayed(house)
    await until(lambda: total(house) == 3)


async def test_verified_it_is_not_swapped_if_it_differs(house: House, capsys: pytest.CaptureFixture[str]):
    seller = await seller_of_some(house)
    (lost,) = house.services.search.search(SearchQuery(limit=1)).product_ids
    lose_a_document(house, lost)
    with pytest.raises(SystemExit) as ended:
        await replayed(house, verify=True)
    assert ended.value.code == 1
    assert "nothing was swapped" in capsys.readouterr().err
    assert place(house) == "index"
    await replayed(house)
    await seller.sells(5)
    await until_shown(house)
    await replayed(house, verify=True)
    assert place(house) == "g2"


async def test_nothing_found_is_ever_missing_again(house: House):
    """Writes and searches go on while one index after the other is built and swapped."""
    seller = await seller_of_some(house)
    sold, enough = 3, asyncio.Event()
    replays = asyncio.create_task(again_and_again(house, enough))
    while not replays.done():
        await seller.sells(5)
        sold += 1
        await until_shown(house)
        assert total(house) == sold
        if sold > 5:
            enough.set()
    assert place(house) == f"g{await replays}"


async def again_and_again(house: House, enough: asyncio.Event) -> int:
    """Twice at least; how often."""
    for number in count(1):
        await replayed(house)
        if number > 1 and enough.is_set():
            return number
    raise AssertionError


async def test_there_must_be_something_to_go_back_to(house: House, capsys: pytest.CaptureFixture[str]):
    await seller_of_some(house)
    with pytest.raises(SystemExit):
        await replayed(house, rollback=True)
    assert "nothing is kept" in capsys.readouterr().err
    await replayed(house)
    (house.folder / "search" / "index" / "meta.json").unlink()
    with pytest.raises(SystemExit):
        await replayed(house, rollback=True)
    assert "damaged" in capsys.readouterr().err
    assert place(house) == "g1"


def test_without_an_index_there_is_nothing_to_replay(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit):
        replay(DataFolder(tmp_path), "search")
    assert "there is no event log" in capsys.readouterr().err
    index = TantivyIndex(tmp_path / "search")
    assert index.position() == 0


def lamps(folder: Path, *parts: range) -> TantivyIndex:
    """With a serial number each, committed part by part."""
    index = TantivyIndex(folder)
    assert index.try_writer()
    for number, part in enumerate(parts, 1):
        said = ((f"prd_{one}", {"serial": f"{one}", "finish": f"{one % 7}"}) for one in part)
        index.apply([SearchDocument(product_id=name, title="Lamp", attributes=them) for name, them in said], [])
        index.commit(number)
    return index


def test_what_lists_of_values_leave_out_is_no_difference(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The same products in one segment and in three, of which each tells few values."""
    monkeypatch.setattr(facets, "_ATTRIBUTE_PAIRS", 5)
    monkeypatch.setattr(tantivy_counting, "OF_A_SEGMENT", 5)
    shown = lamps(tmp_path / "shown", range(90))
    new = lamps(tmp_path / "new", range(50), range(50, 55), range(55, 90))
    assert shown.search(SearchQuery()).facets != new.search(SearchQuery()).facets
    assert compare(shown, new, Telling(as_json=False)) == 0
    other = lamps(tmp_path / "other", range(89))
    assert compare(shown, other, Telling(as_json=False)) > 0
    assert "all: 90 live, 89 new" in capsys.readouterr().out
