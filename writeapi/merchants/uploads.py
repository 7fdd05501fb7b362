"""Uploads that nobody has taken up yet: where they lie, and how many of them a merchant may have.

A permission leaves an empty file where the upload will lie, so that what may still come counts as well, by the size
that was said and that the key tells. Who asks several times at the same moment may get a few more.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from readapi.edge.problems import ProblemError
from streams.objects.port import LEFT_S, LISTED_MAX, Lying, Objects, Upload

UPLOAD_S = 600
"""How long a permission holds."""
GIVEN_UP_S = 2 * UPLOAD_S
"""What has not come by then does not come any more, also if its sending began in time."""


class Limits(NamedTuple):
    """Of what one merchant's products may have waiting; at most half of ``LISTED_MAX`` files."""

    files: int = 100
    size: int = 256_000_000
    """Bytes of all of them together."""


async def permit(objects: Objects, limits: Limits, owner_id: str, name: str, media_type: str, size: int) -> Upload:
    """To upload one file. ``name`` tells it from all others. Raises ProblemError, ObjectsUnavailable."""
    waiting = await _waiting(objects, owner_id)
    if len(waiting) >= limits.files or sum(map(_bytes_of, waiting)) + size > limits.size:
        raise _too_many(limits, waiting)
    key = f"{_of(owner_id)}{name}.{size}"
    await objects.put(key, b"", media_type)
    return await objects.upload(key, media_type, size, UPLOAD_S)


async def uploaded(objects: Objects, owner_id: str, name: str) -> str | None:
    """The key of what was uploaded under a name; None while nothing is. Raises ObjectsUnavailable."""
    found = await objects.listed(f"{_of(owner_id)}{name}.", 1)
    return next((one.key for one in found if one.size), None)


async def _waiting(objects: Objects, owner_id: str) -> list[Lying]:
    """What counts; permissions that ran out are cleared away."""
    found = await objects.listed(_of(owner_id), LISTED_MAX)
    given_up = [one for one in found if not one.size and one.age >= GIVEN_UP_S]
    for one in given_up:
        await objects.delete(one.key)
    return [one for one in found if one not in given_up]


def _of(owner_id: str) -> str:
    return f"uploads/{owner_id}."


def _bytes_of(one: Lying) -> int:
    return one.size or int(one.key.rpartition(".")[2])


def _too_many(limits: Limits, waiting: Sequence[Lying]) -> ProblemError:
    ends = [(LEFT_S if one.size else GIVEN_UP_S) - one.age for one in waiting]
    return ProblemError(
        "rate_limited",
        f"at most {limits.files} uploads and {limits.size:,} bytes of them may wait to be shown: take them up with "
        "POST …/media, or let them run out: a permission after 20 minutes, a file after a day",
        headers={"Retry-After": str(max(1, int(min(ends, default=1.0))))},
    )
