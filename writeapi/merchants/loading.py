"""The write path as feeds and pushes use it: rows of one shop, in its owner's name."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import structlog

from commands.context import Context, new_command_id
from commands.engine import Engine
from commands.errors import UnreadableStream
from domain.errors import DomainError
from domain.ids import offer_id
from domain.sellers.offer import LiveOffer, WithdrawOffer
from domain.sellers.shop import OpenedShop, require_open
from streams.merchantfeeds.rows import Line, Loaded, Rejection
from writeapi.merchants.merchandise import count_stock, submit_all
from writeapi.merchants.rows import changes, load_lines

BACKLOG_MAX = 2_000
"""Products that search may lag behind; the log waits for it, else a large feed piles up in memory."""
BACKLOG_LOOK_S = 0.01

log = structlog.get_logger("loading")


class RowLoader:
    """``backlog`` is how many products search is behind, where this process fills it; ``clock`` in milliseconds."""

    def __init__(self, engine: Engine, clock: Callable[[], int], backlog: Callable[[], int] = lambda: 0) -> None:
        self.engine = engine
        self.clock = clock
        self._backlog = backlog

    async def load(self, what: str, lines: Sequence[Line], shop_id: str) -> Loaded:
        shop: OpenedShop = require_open(await self.engine.state(shop_id))
        while self._backlog() > BACKLOG_MAX:  # noqa: ASYNC110  # a rate, not an event, is what is waited for
            await asyncio.sleep(BACKLOG_LOOK_S)
        rows = [line if _own(line.data, shop_id) else _refused(line) for line in lines]
        return await load_lines(self, what, rows, shop.owner_id, shop_id=shop_id, careful=True)

    async def withdraw(self, what: str, skus: Sequence[str], shop_id: str) -> int:
        shop: OpenedShop = require_open(await self.engine.state(shop_id))
        return await self._withdraw(what, skus, shop_id, shop.owner_id)

    async def _withdraw(self, what: str, skus: Sequence[str], shop_id: str, owner_id: str) -> int:
        """What is damaged in the log sells nothing, and is left alone; to find it out, the others go by halves."""
        try:
            return await self._ended(what, skus, shop_id, Context(owner_id, new_command_id(), self.clock()))
        except UnreadableStream as error:
            if len(skus) == 1:
                log.error("withdrawal_impossible", shop=shop_id, sku=skus[0], reason=str(error))
                return 0
        half = len(skus) // 2
        return sum([await self._withdraw(what, some, shop_id, owner_id) for some in (skus[:half], skus[half:])])

    async def _ended(self, what: str, skus: Sequence[str], shop_id: str, context: Context) -> int:
        """Raises UnreadableStream."""
        if what == "stock":
            return changes(await count_stock(self.engine, context, shop_id, [(sku, 0) for sku in skus]))
        streams = [offer_id(shop_id, sku) for sku in skus]
        live = [stream for stream in streams if isinstance(await self.engine.state(stream), LiveOffer)]
        results = await submit_all(self.engine, context, [WithdrawOffer(stream) for stream in live])
        return changes(result for result in results if not isinstance(result, DomainError))


def _own(data: Any, shop_id: str) -> bool:
    named = data.get("shopId", data.get("shop_id")) if isinstance(data, dict) else None
    return named is None or named == shop_id


def _refused(line: Line) -> Line:
    return Line(line.number, Rejection(line.number, "a feed is for the shop that has it", "/shopId"))
