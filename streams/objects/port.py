"""Where files lie that are no events: pictures, and the rejected rows of feeds.

Every adapter passes ``tests/contracts/objects.py``.
"""

from __future__ import annotations

import re
from typing import NamedTuple, Protocol

_KEY = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,119}(/[A-Za-z0-9_][A-Za-z0-9_.-]{0,119}){0,7}")

LEFT_S = 86_400
"""An upload that nobody took up is deleted after so long: by the folder itself, in S3 by a rule of the bucket."""
LISTED_MAX = 1_000
"""Keys told at once, as S3 has it."""


class ObjectsUnavailable(Exception):
    """The store does not answer now, or will not take it."""


class TooLarge(Exception):
    pass


class Upload(NamedTuple):
    """How somebody else puts one object there: ``POST`` a form with these fields and then ``file``, or ``PUT`` the
    bytes with these headers."""

    method: str
    url: str
    fields: dict[str, str]
    headers: dict[str, str]


class Lying(NamedTuple):
    key: str
    size: int
    """Bytes."""
    age: float
    """Seconds since it was put there."""


class Objects(Protocol):
    """Methods raise ObjectsUnavailable. Keys are ours: words with slashes between them, none beginning with a dot."""

    async def put(self, key: str, body: bytes, media_type: str) -> None:
        """In place of what is there."""

    async def get(self, key: str, most: int) -> bytes | None:
        """None where there is none. Raises TooLarge beyond ``most`` bytes."""

    async def delete(self, key: str) -> None:
        """Also where there is none."""

    async def listed(self, prefix: str, most: int) -> list[Lying]:
        """Those whose keys begin so, at most ``most`` and LISTED_MAX; all in one folder."""

    async def upload(self, key: str, media_type: str, most: int, seconds: int) -> Upload:
        """For one object of this type of at most so many bytes, and so long."""


def require_key(key: str) -> str:
    assert _KEY.fullmatch(key), key
    return key
