"""Pages that are kept as they were drawn, under what they were drawn from: the ETag of the API's own page names that.

So nothing has to be told when they change. Whatever changes the API's page gives it another ETag, and the page here is
drawn anew, once, since drawing waits for nothing.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import NamedTuple

from readapi.caching.ready import RawHeaders

BYTES_MAX = 48 << 20


class Drawn(NamedTuple):
    body: bytes
    etag: str
    headers: RawHeaders
    """Everything that the response says besides the position."""
    status: int = 200


class Rendered:
    """The least recently asked for make room."""

    def __init__(self, bytes_max: int = BYTES_MAX) -> None:
        self._bytes_max = bytes_max
        self._bytes = 0
        self._pages: OrderedDict[Hashable, Drawn] = OrderedDict()
        self.hits = self.misses = 0

    def page(self, made_of: Hashable, draw: Callable[[], Drawn]) -> Drawn:
        """``made_of`` is another one whenever ``draw`` would give another page."""
        known = self._pages.get(made_of)
        if known is not None:
            self._pages.move_to_end(made_of)
            self.hits += 1
            return known
        self.misses += 1
        page = self._pages[made_of] = draw()
        self._bytes += len(page.body)
        while self._bytes > self._bytes_max:
            self._bytes -= len(self._pages.popitem(last=False)[1].body)
        return page


def tag_of(body: bytes) -> str:
    return f'"{hashlib.blake2b(body, digest_size=8).hexdigest()}"'
