"""Pages by name, the newest so many: ``kontor/pages`` (hash), ``kontor/pages.kept`` (sorted set: when each was kept).

They are made of views and no part of them: nothing counts on their being there, and they outlive no flush.
"""

from __future__ import annotations

from typing import Any

from projections.redisviews.names import PREFIX
from projections.redisviews.server import RedisServer

PAGES_MAX = 500

KEEP = """
-- KEYS: pages, when they were kept.  ARGV: name, page, how many there may be.
local now = redis.call('TIME')
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('ZADD', KEYS[2], now[1] * 1000 + math.floor(now[2] / 1000), ARGV[1])
local over = redis.call('ZCARD', KEYS[2]) - ARGV[3]
if over > 0 then
    local oldest = redis.call('ZPOPMIN', KEYS[2], over)
    for i = 1, #oldest, 2 do redis.call('HDEL', KEYS[1], oldest[i]) end
end
"""


class RedisPages:
    """Methods raise ViewsUnavailable."""

    def __init__(self, server: RedisServer, prefix: str = PREFIX, pages_max: int = PAGES_MAX) -> None:
        self._server = server
        self._names = (f"{prefix}/pages", f"{prefix}/pages.kept")
        self._pages_max = pages_max
        self._keep = server.client.register_script(KEEP)

    async def keep(self, name: str, page: bytes) -> None:
        """When there are too many, those go that were kept longest ago."""
        await self._server.ask(lambda _: self._keep(self._names, (name, page, self._pages_max)))

    async def kept(self, name: str) -> bytes | None:
        page: Any = await self._server.ask(lambda client: client.hget(self._names[0], name))
        return None if page is None else bytes(page)
