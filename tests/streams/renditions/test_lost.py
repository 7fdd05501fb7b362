"""Renditions that were lost: made anew by who is asked for one, once, and as they were."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from domain.catalog.media import Picture, Rendered, renditions_of
from streams.objects.folder import FolderObjects
from streams.objects.port import ObjectsUnavailable
from streams.renditions import lost
from streams.renditions.lost import AGAIN_S, Gone, LostRenditions, renew
from streams.renditions.places import NoPlace, Places
from streams.renditions.rendering import Made, Undecodable, keep, render
from tests.streams.renditions.samples import photo

PICTURE = Picture("pic_1", "media/prd_1/pic_1.jpg", "image/jpeg")
BODY = photo(640, 480)


class ReadOnly(FolderObjects):
    async def put(self, key: str, body: bytes, media_type: str) -> None:
        raise ObjectsUnavailable("read-only")


@pytest.fixture
def objects(tmp_path: Path) -> FolderObjects:
    return FolderObjects(tmp_path, b"secret")


@pytest.fixture
async def picture(objects: FolderObjects) -> Picture:
    """All of it is there."""
    made = await render(BODY, "image/jpeg")
    picture = replace(PICTURE, rendered=made.rendered)
    await objects.put(picture.key, BODY, "image/jpeg")
    await keep(objects, picture, made)
    return picture


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, ...]]:
    """The sides that were asked for, each time something is decoded."""
    asked: list[tuple[int, ...]] = []

    async def counting(body: bytes, media_type: str, sides: tuple[int, ...]) -> Made:
        asked.append(sides)
        return await render(body, media_type, sides)

    monkeypatch.setattr(lost, "render", counting)
    return asked


async def stored(objects: FolderObjects, picture: Picture) -> dict[str, bytes | None]:
    return {one.key: await objects.get(one.key, 1 << 20) for one in renditions_of(picture)}


async def test_it_is_made_as_it_was_once_for_all_who_ask(
    objects: FolderObjects, picture: Picture, counted: list[Any]
) -> None:
    before = await stored(objects, picture)
    assert None not in before.values()
    for key in before:
        await objects.delete(key)
    made = LostRenditions()
    answers = await asyncio.gather(*(made.made_anew(objects, picture, key) for key in [*before, *before]))
    assert answers == [*before.values(), *before.values()]
    assert counted == [(160, 320, 640)]
    assert await stored(objects, picture) == before, "all are kept, whichever was asked for"


async def test_who_asks_and_goes_away_does_not_take_it_from_others(objects: FolderObjects, picture: Picture) -> None:
    key = renditions_of(picture)[0].key
    made = LostRenditions()
    first, second = (asyncio.create_task(made.made_anew(objects, picture, key)) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    assert (await second)[8:12] == b"WEBP"


async def test_where_it_cannot_be_kept_it_is_made_once_a_minute(
    tmp_path: Path, picture: Picture, counted: list[Any]
) -> None:
    now, key = [100.0], renditions_of(picture)[0].key
    objects, made = ReadOnly(tmp_path, b"secret"), LostRenditions(now=lambda: now[0])
    assert (await made.made_anew(objects, picture, key))[8:12] == b"WEBP"
    now[0] += AGAIN_S - 1
    with pytest.raises(Undecodable):
        await made.made_anew(objects, picture, key)
    assert len(counted) == 1
    now[0] += 1
    await made.made_anew(objects, picture, key)


async def test_what_it_was_made_of_has_to_be_there_and_the_same(objects: FolderObjects, picture: Picture) -> None:
    key = renditions_of(picture)[0].key
    await objects.put(picture.key, photo(320, 200), "image/jpeg")
    with pytest.raises(Gone):
        await LostRenditions().made_anew(objects, picture, key)
    await objects.delete(picture.key)
    with pytest.raises(Gone):
        await LostRenditions().made_anew(objects, picture, key)


async def test_one_that_comes_out_otherwise_is_not_kept_under_its_name(
    objects: FolderObjects, picture: Picture
) -> None:
    assert picture.rendered is not None
    other = replace(picture, rendered=replace(picture.rendered, renditions=((160, 120), (639, 480))))
    with pytest.raises(Undecodable):
        await LostRenditions().made_anew(objects, other, renditions_of(other)[0].key)
    assert await objects.get(renditions_of(other)[1].key, 1 << 20) is None


async def test_too_many_do_not_wait(objects: FolderObjects, picture: Picture) -> None:
    made, key = LostRenditions(Places(1, 0, 60)), renditions_of(picture)[0].key
    first = asyncio.create_task(made.made_anew(objects, picture, key))
    await asyncio.sleep(0)
    other = replace(picture, key="media/prd_1/pic_2.jpg")
    with pytest.raises(NoPlace):
        await asyncio.gather(made.made_anew(objects, other, renditions_of(other)[0].key), asyncio.sleep(0))
    await first


async def test_those_that_are_missing_are_renewed(objects: FolderObjects, picture: Picture, counted: list[Any]) -> None:
    before = await stored(objects, picture)
    await renew(objects, picture)
    assert counted == []
    await objects.delete(next(iter(before)))
    await renew(objects, picture)
    assert await stored(objects, picture) == before
    await objects.delete(next(iter(before)))
    await objects.delete(picture.key)
    await renew(objects, picture)
    assert None in (await stored(objects, picture)).values(), "without the picture there is nothing to make them of"


async def test_one_without_renditions_needs_none(objects: FolderObjects, counted: list[Any]) -> None:
    await renew(objects, replace(PICTURE, rendered=Rendered(1, 1, "0f3a")))
    assert counted == []
