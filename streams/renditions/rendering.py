"""Renditions of a picture: what they are, and how they are made, each picture in a process of its own."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import signal
import sys
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, TYPE_CHECKING, NamedTuple

import msgspec

from domain.catalog.media import Picture, Rendered, media_type_of, renditions_of
from streams.objects.port import Objects

if TYPE_CHECKING:
    from streams.renditions.decoder import Order  # what decodes is no part of this process

SIDES = (160, 320, 640, 1280)
"""Pixels of the longer side."""
QUALITY = 80
"""Of WebP."""
MEDIA_TYPE = "image/webp"
PIXELS_MAX = 50_000_000
MEMORY_MAX = 640_000_000
CPU_S = 10
WALL_S = 15.0
"""While the machine is busy with other things."""
DIGEST_CHARS = 16
_DECODER = str(Path(__file__).with_name("decoder.py"))
_ENVIRONMENT = {"MALLOC_ARENA_MAX": "1"}
"""No secrets; and no memory set aside for threads that it does not have."""
ANSWER_MAX = 16 << 20
"""Bytes of all renditions together, which are a few hundred thousand."""
_OUT_OF_TIME = -getattr(signal, "SIGXCPU", 24)

_REASONS = {
    "pixels": f"it has more than {PIXELS_MAX:,} pixels",
    "memory": f"to decode it takes more than {MEMORY_MAX // 1_000_000} MB of memory",
    "time": f"to decode it takes more than {CPU_S} seconds",
    "damaged": "it cannot be decoded: it is damaged, or its end is missing",
}


class Undecodable(Exception):
    """Why, for whoever uploaded it."""


class _Answer(msgspec.Struct):
    refused: str = ""
    width: int = 0
    height: int = 0
    made: list[tuple[int, int, int]] = []
    """Width, height and bytes of each."""


class Made(NamedTuple):
    rendered: Rendered
    bodies: tuple[bytes, ...]
    """In the order of its renditions."""


def digest_of(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()[:DIGEST_CHARS]


async def render(body: bytes, media_type: str, sides: tuple[int, ...] = SIDES) -> Made:
    """Those that have no more pixels, and no more bytes, than the picture itself. Raises Undecodable."""
    order: Order = {
        "type": media_type,
        "sides": list(sides),
        "quality": QUALITY,
        "pixels": PIXELS_MAX,
        "memory": MEMORY_MAX,
        "cpu": CPU_S,
        "answer": ANSWER_MAX,
    }
    head, rest = await _decoded(body, order)
    bodies = []
    for _, _, size in head.made:
        bodies.append(rest[:size])
        rest = rest[size:]
    if rest or any(media_type_of(one[:16]) != MEDIA_TYPE for one in bodies):
        raise Undecodable(_REASONS["damaged"])
    sizes = tuple((width, height) for width, height, _ in head.made)
    digest = await asyncio.to_thread(digest_of, body)
    return Made(Rendered(head.width, head.height, digest, sizes), tuple(bodies))


async def keep(objects: Objects, picture: Picture, made: Made) -> None:
    """Puts them where their names say. ``picture`` is one with what was ``made``. Raises ObjectsUnavailable."""
    for rendition, body in zip(renditions_of(picture), made.bodies, strict=True):
        await objects.put(rendition.key, body, MEDIA_TYPE)


async def _decoded(body: bytes, order: Order) -> tuple[_Answer, bytes]:
    """What the decoder says, and what follows it. Raises Undecodable."""
    with TemporaryFile() as given, TemporaryFile() as said:  # not pipes, which somebody else may keep open
        await asyncio.to_thread(_fill, given, body)
        await _run(order, given, said)
        said.seek(0)
        head, _, rest = said.read(ANSWER_MAX).partition(b"\n")
    try:
        found = msgspec.json.decode(head, type=_Answer)
    except msgspec.MsgspecError:
        raise Undecodable(_REASONS["damaged"]) from None
    if found.refused:
        raise Undecodable(_REASONS.get(found.refused, _REASONS["damaged"]))
    return found, rest


async def _run(order: Order, given: IO[bytes], said: IO[bytes]) -> None:
    """Raises Undecodable where it was ended. It is not there any more afterwards."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-I", _DECODER, msgspec.json.encode(order)),
        stdin=given,
        stdout=said,
        stderr=asyncio.subprocess.DEVNULL,
        env=_ENVIRONMENT,
    )
    try:
        async with asyncio.timeout(WALL_S):
            ended = await process.wait()
    except TimeoutError:
        raise Undecodable(_REASONS["time"]) from None
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
    if ended:
        raise Undecodable(_REASONS["time" if ended == _OUT_OF_TIME else "damaged"])


def _fill(file: IO[bytes], body: bytes) -> None:
    file.write(body)
    file.seek(0)
