"""What views show, straight from the log: for when the views do not answer.

The log knows each stream and nothing of lists, so what can be had is what an id names.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

from commands.aggregates import fold
from commands.mapper import recorded, recorded_or_unreadable
from commands.store.port import EventLog
from domain.buyers.cart import CartLine, OpenCart
from domain.catalog.product import is_sold
from domain.ids import offer_id, stock_id
from domain.inventory.inventory import InventoryItem
from domain.pricing.serviceability import Wares
from domain.sellers.offer import NoOffer, Offer
from projections.carts.projector import CartRow
from projections.folding import fold_events
from projections.projector import Table

STREAMS_AT_ONCE = 8


async def rows_of(log: EventLog, table: Table, streams: Collection[str]) -> dict[str, Any]:
    """Rows of those streams that exist, as the table's own folds make them of all their events.

    Raises StorageUnavailable.
    """
    names = list(streams)
    found: dict[str, Any] = {}
    for start in range(0, len(names), STREAMS_AT_ONCE):
        some = names[start : start + STREAMS_AT_ONCE]
        for rows in await asyncio.gather(*(log.read_stream(stream) for stream in some)):
            folded = fold_events(table, [recorded_or_unreadable(row) for row in rows], lambda key: None, {})
            found.update((key, kept.row) for key, kept in folded.changed.items() if kept.row is not None)
    return found


async def cart_row(log: EventLog, cart_id: str) -> CartRow | None:
    """A person's cart lives for ever, so it is read from its snapshot. Raises StorageUnavailable."""
    aggregate = fold(cart_id, (await log.load((cart_id,)))[cart_id])
    if not aggregate.version:
        return None
    cart: Any = aggregate.state
    last = recorded((await log.read_stream(cart_id, aggregate.version - 1))[0]).meta.occurred_at
    return CartRow(cart, cart.opened_at if isinstance(cart, OpenCart) else last, last, aggregate.version)


class Goods(NamedTuple):
    """What the sellers of a cart's lines offer, by the ids of offers and of stock."""

    offers: dict[str, Offer]
    stock: dict[str, InventoryItem]
    wares: dict[str, Wares]
    """By product."""


async def goods_of(log: EventLog, lines: Sequence[CartLine]) -> Goods:
    """From snapshots too: much is sold of some things. Raises StorageUnavailable."""
    offers = [offer_id(line.shop_id, line.sku) for line in lines]
    stock = [stock_id(line.shop_id, line.sku) for line in lines]
    loaded = await log.load({*offers, *stock, *(line.product_id for line in lines)})
    states: dict[str, Any] = {stream: fold(stream, found).state for stream, found in loaded.items()}
    sold = {line.product_id for line in lines if is_sold(states[line.product_id])}
    live = {key: states[key] if line.product_id in sold else NoOffer() for key, line in zip(offers, lines, strict=True)}
    wares = {key: Wares(key, states[key].category, states[key].brand) for key in sold}
    return Goods(live, {key: states[key] for key in stock}, wares)
