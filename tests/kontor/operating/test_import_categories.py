"""``kontor import categories``: a tree in any order, its lines taken or refused by themselves, and a real one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from domain.catalog.category import NoCategory, OpenCategory, category_id
from kontor.settings import Settings
from kontor.wiring.embedded import embedded
from readapi.shown.categories import kept_rows
from tests.kontor.operating.imports import load, reasons, refused, written
from writeapi.services import WriteServices


@pytest.fixture
async def services(tmp_path: Path) -> AsyncIterator[WriteServices]:
    async with embedded(Settings(data=tmp_path / "data")) as running:
        yield running


async def kept(services: WriteServices, *path: str) -> Any:
    return await services.engine.state(category_id(path))


async def test_lines_may_come_in_any_order_and_what_is_above_them_is_put_too(services: WriteServices, tmp_path: Path):
    schema = {"type": "object", "properties": {"width": {"type": "number"}}}
    lines: list[Any] = [
        {"path": ["Home", "Beds", "Bunk beds"], "titles": {"de": "Etagenbetten"}},
        {"path": ["Home", "Beds"], "schema": schema},
        {"path": ["Garden", "Tools"]},
    ]
    file = written(tmp_path / "tree.ndjson", lines)
    tally = await load(services, "categories", file)
    assert (tally.lines, tally.rejected) == (3, 0)
    assert (await kept(services, "Home", "Beds", "Bunk beds")).titles == {"de": "Etagenbetten"}
    assert "width" in (await kept(services, "Home", "Beds")).own_schema.properties
    assert await kept(services, "Home") == OpenCategory(("Home",))
    assert isinstance(await kept(services, "Garden"), OpenCategory)
    head = await services.log.head()
    assert head == 5
    await load(services, "categories", file)
    assert await services.log.head() == head, "the same again changes nothing"


async def test_what_is_there_is_not_put_bare(services: WriteServices, tmp_path: Path):
    first = [{"path": ["Home"], "titles": {"de": "Zuhause"}}]
    await load(services, "categories", written(tmp_path / "first.ndjson", first))
    await load(services, "categories", written(tmp_path / "second.ndjson", [{"path": ["Home", "Beds"]}]))
    assert (await kept(services, "Home")).titles == {"de": "Zuhause"}


async def test_names_of_an_export_become_steps_and_titles(services: WriteServices, tmp_path: Path):
    audio = {"id": "7", "name": " A/V Receivers "}
    line = {"id": "7", "name": "A/V Receivers", "path": [{"id": "1", "name": "Audio"}, audio], "subCategories": []}
    await load(services, "categories", written(tmp_path / "tree.ndjson", [line]))
    assert (await kept(services, "Audio", "A-V Receivers")).titles == {"en": "A/V Receivers"}
    assert (await kept(services, "Audio")).titles == {}


async def test_what_is_wrong_is_refused_with_its_place(services: WriteServices, tmp_path: Path):
    needs = {"type": "object", "properties": {"width": {"type": "number"}}}
    other = {"type": "object", "properties": {"width": {"type": "string"}}}
    lines: list[Any] = [
        {"path": []},
        {"path": ["a/b"]},
        {"path": [{"id": "1", "name": None}]},
        {"path": ["x"] * 9},
        {"path": ["Beds"], "colour": "red"},
        {"path": ["Beds"], "titles": {"german": "Betten"}},
        {"path": ["Beds"], "schema": {"type": "object", "properties": {"a": {"pattern": "x"}}}},
        {"path": ["Sofas"], "schema": needs},
        {"path": ["Sofas", "Corner"], "schema": other},
        {"title": "A product"},
        "{torn",
    ]
    file = written(tmp_path / "tree.ndjson", lines)
    tally = await load(services, "categories", file)
    assert (tally.lines, tally.rejected) == (11, 10)
    assert [line for line, _ in refused(file)] == [1, 2, 3, 4, 5, 6, 7, 9, 10, 11]
    places = dict(refused(file))
    assert (places[2], places[3], places[5], places[10]) == ("/path/0", "/path/0", "/colour", "/path")
    assert places[7].startswith("/schema/properties/a")
    assert all(one["reason"] for one in reasons(file))
    assert await kept(services, "Beds") == NoCategory()


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_a_real_tree(services: WriteServices, tmp_path: Path, shared_data: Path):
    """4,584 categories of Best Buy: one has no name and one too long a one, some names have slashes."""
    file = tmp_path / "categories.ndjson.gz"
    file.write_bytes((shared_data / "bestbuy" / "categories.ndjson.gz").read_bytes())
    tally = await load(services, "categories", file)
    assert (tally.lines, tally.rejected) == (4_584, 2)
    assert refused(file) == [(2_383, "/path/3"), (3_980, "/path/2")]
    head = await services.log.head()
    assert await services.follower.wait_for(head, 60)
    rows = await kept_rows(services.views)
    assert len(rows) == head, "each hangs where it belongs"
    assert rows["TV & Home Theater",].titles == {}
    slashed = {path: row for path, row in rows.items() if "/" in row.titles.get("en", "")}
    assert len(slashed) > 60
    assert all(path[-1] == row.titles["en"].replace("/", "-") for path, row in slashed.items())
    await load(services, "categories", file)
    assert await services.log.head() == head, "the same again changes nothing"
