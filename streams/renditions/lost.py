"""Renditions that are not where they should be: made anew by whoever is asked for one.

They are disposable. A backup may leave them out, a disk may lose them; the picture that they were made of has all that
is needed.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable

from domain.catalog.media import SIZE_MAX, Picture, renditions_of, stem_of
from streams.objects.port import Objects, ObjectsUnavailable
from streams.renditions.places import Places
from streams.renditions.rendering import SIDES, Made, Undecodable, digest_of, keep, render

AGAIN_S = 60.0
"""After it could not be made, or not be kept, it is not tried again for so long."""
REMEMBERED_MAX = 10_000
"""Pictures of which that is known."""


class Gone(Exception):
    """What it was made of is not there, or is another picture."""


class LostRenditions:
    """``now`` gives seconds. Of requests at the same moment one makes it for all."""

    def __init__(self, places: Places | None = None, now: Callable[[], float] = time.monotonic) -> None:
        self._places = places or Places(at_once=1, waiting=8, wait=2.0)
        self._now = now
        self._making: dict[str, asyncio.Task[Made]] = {}
        self._in_vain: dict[str, float] = {}
        """When, by the picture's key."""

    async def made_anew(self, objects: Objects, picture: Picture, key: str) -> bytes:
        """One of the picture's. Raises Undecodable, Gone, NoPlace, ObjectsUnavailable."""
        if self._now() < self._in_vain.get(picture.key, -AGAIN_S) + AGAIN_S:
            raise Undecodable("it could not be a moment ago")
        making = self._making.get(picture.key)
        if making is None:
            making = self._making[picture.key] = asyncio.create_task(self._make(objects, picture))
            making.add_done_callback(lambda task: self._made(picture.key, task))
        made = await asyncio.shield(making)
        return dict(zip((one.key for one in renditions_of(picture)), made.bodies, strict=True))[key]

    def _made(self, key: str, task: asyncio.Task[Made]) -> None:
        del self._making[key]
        if not task.cancelled():
            task.exception()  # told to whoever still waits; nobody may

    async def _make(self, objects: Objects, picture: Picture) -> Made:
        async with self._places.one(picture.key):
            try:
                made = await remade(objects, picture)
            except (Undecodable, Gone):
                self._remember(picture.key)
                raise
        try:
            await keep(objects, picture, made)
        except ObjectsUnavailable:  # who only reads may have a store that it cannot write
            self._remember(picture.key)
        return made

    def _remember(self, key: str) -> None:
        if len(self._in_vain) >= REMEMBERED_MAX:
            self._in_vain.clear()
        self._in_vain[key] = self._now()


async def remade(objects: Objects, picture: Picture) -> Made:
    """Just those that it is known to have. Raises Undecodable, Gone, ObjectsUnavailable."""
    assert picture.rendered is not None, picture.media_id
    body = await objects.get(picture.key, SIZE_MAX)
    if body is None or await asyncio.to_thread(digest_of, body) != picture.rendered.digest:
        raise Gone(picture.key)
    made = await render(body, picture.media_type, tuple(max(size) for size in picture.rendered.renditions))
    if made.rendered != picture.rendered:
        raise Undecodable("it is decoded otherwise than it was")
    return made


async def renew(objects: Objects, picture: Picture) -> None:
    """Those that are missing. Raises ObjectsUnavailable."""
    assert picture.rendered is not None, picture.media_id
    wanted = {one.key for one in renditions_of(picture)}
    found = {one.key for one in await objects.listed(stem_of(picture.key, picture.rendered), 2 * len(SIDES))}
    if wanted - found:
        with contextlib.suppress(Undecodable, Gone):
            await keep(objects, picture, await remade(objects, picture))
