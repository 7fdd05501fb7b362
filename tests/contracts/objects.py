"""What every store of files does. An adapter's tests give ``objects`` and ``send``, which uploads as a client would."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
from msgspec.structs import replace

from domain.catalog.media import Picture, renditions_of
from streams.objects.port import Objects, TooLarge, Upload
from streams.renditions.lost import LostRenditions
from streams.renditions.rendering import keep, render
from tests.streams.renditions.samples import photo

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))
Send = Callable[[Upload, bytes], Awaitable[bool]]
"""Whether it was taken."""


class ObjectsContract:
    async def test_what_is_put_is_there_until_it_is_deleted(self, objects: Objects) -> None:
        assert await objects.get("media/prd_1/pic_1.png", 1_000) is None
        await objects.put("media/prd_1/pic_1.png", PNG, "image/png")
        await objects.put("media/prd_1/pic_2.png", b"other", "image/png")
        assert await objects.get("media/prd_1/pic_1.png", 1_000) == PNG
        await objects.put("media/prd_1/pic_1.png", b"", "image/png")
        assert await objects.get("media/prd_1/pic_1.png", 1_000) == b""
        for _ in range(2):
            await objects.delete("media/prd_1/pic_1.png")
        assert await objects.get("media/prd_1/pic_1.png", 1_000) is None
        assert await objects.get("media/prd_1/pic_2.png", 1_000) == b"other"
        assert await objects.get("media/prd_1", 1_000) is None

    async def test_no_more_is_read_than_is_wanted(self, objects: Objects) -> None:
        await objects.put("a", PNG, "image/png")
        assert await objects.get("a", len(PNG)) == PNG
        with pytest.raises(TooLarge):
            await objects.get("a", len(PNG) - 1)

    @pytest.mark.parametrize("key", ["", "/a", "../a", "a/../b", "a//b", ".a", "a/.b", "a b", "ä"])
    async def test_keys_are_ours(self, objects: Objects, key: str) -> None:
        with pytest.raises(AssertionError):
            await objects.get(key, 1)

    async def test_somebody_else_may_upload_one_file(self, objects: Objects, send: Send) -> None:
        upload = await objects.upload("uploads/prd_1.pic_1", "image/png", len(PNG), 600)
        assert await send(upload, PNG)
        assert await objects.get("uploads/prd_1.pic_1", 1_000) == PNG

    async def test_an_upload_is_bounded_in_size(self, objects: Objects, send: Send) -> None:
        upload = await objects.upload("uploads/prd_1.pic_1", "image/png", len(PNG) - 1, 600)
        assert not await send(upload, PNG)
        assert await objects.get("uploads/prd_1.pic_1", 1_000) is None
        assert await send(upload, PNG[:-1])

    async def test_an_upload_is_of_the_type_that_was_said(self, objects: Objects, send: Send) -> None:
        upload = await objects.upload("uploads/prd_1.pic_1", "image/png", 1_000, 600)
        field = upload.fields if "Content-Type" in upload.fields else upload.headers
        field["Content-Type"] = "text/html"
        assert not await send(upload, PNG)
        assert await objects.get("uploads/prd_1.pic_1", 1_000) is None

    async def test_an_upload_that_was_tampered_with_is_refused(self, objects: Objects, send: Send) -> None:
        upload = await objects.upload("uploads/prd_1.pic_1", "image/png", 1_000, 600)
        if upload.fields:
            other = upload._replace(fields={**upload.fields, "key": "uploads/prd_1.pic_2"})
        else:
            other = upload._replace(url=upload.url[:-4] + ("AAAA" if upload.url[-4:] != "AAAA" else "BBBB"))
        assert not await send(other, PNG)
        assert await objects.get("uploads/prd_1.pic_2", 1_000) is None

    async def test_what_begins_so_is_listed(self, objects: Objects) -> None:
        assert await objects.listed("uploads/usr_1.", 10) == []
        for key, body in (("uploads/usr_1.a.3", b""), ("uploads/usr_1.b.3", b"abc"), ("uploads/usr_12.a.3", b"a")):
            await objects.put(key, body, "image/png")
        found = await objects.listed("uploads/usr_1.", 10)
        assert sorted((one.key, one.size) for one in found) == [("uploads/usr_1.a.3", 0), ("uploads/usr_1.b.3", 3)]
        assert len(await objects.listed("uploads/usr_1.", 1)) == 1

    async def test_renditions_lie_beside_their_picture_and_come_back(self, objects: Objects) -> None:
        body = photo(640, 480)
        made = await render(body, "image/jpeg")
        picture = Picture("pic_1", "media/prd_1/pic_1.jpg", "image/jpeg", rendered=made.rendered)
        beside = replace(picture, media_id="pic_12", key="media/prd_1/pic_12.jpg")
        await objects.put(picture.key, body, "image/jpeg")
        for one in (picture, beside):
            await keep(objects, one, made)
        lying = {one.key for one in await objects.listed("media/prd_1/pic_1.", 10)}
        assert lying == {picture.key, *(one.key for one in renditions_of(picture))}
        small = renditions_of(picture)[0].key
        before = await objects.get(small, 1 << 20)
        assert before == made.bodies[0]
        await objects.delete(small)
        assert await LostRenditions().made_anew(objects, picture, small) == before
        assert await objects.get(small, 1 << 20) == before
