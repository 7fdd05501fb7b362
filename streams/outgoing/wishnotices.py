"""Notices of wishes: what people who chose it are told of things on their wishlist.

They have a courier of their own beside that of orders, channel by channel: ten thousand letters about one product keep
nobody waiting for the confirmation of an order.
"""

from __future__ import annotations

from typing import Any

from commands.engine import Engine
from commands.vault import Vault
from domain.buyers.account import ActiveAccount
from domain.buyers.watch import WatcherCalled
from domain.buyers.wishlist import Wishlist, wishlist_of
from domain.ids import delivery_id
from domain.recorded import Recorded
from domain.stored.codec import TOPICS
from streams.outgoing.notices import Channel, WishNotice, recipient_of
from streams.outgoing.port import Told, message_id, skipped
from streams.outgoing.published import type_of


class WishNotices:
    """A target of deliveries: people, by one channel. ``after`` is where the channel was connected."""

    def __init__(self, engine: Engine, vault: Vault, channel: Channel, after: int) -> None:
        self.delivery_id = delivery_id(f"{channel.name}_wishes")
        self.types = frozenset((type_of(TOPICS[WatcherCalled]),))
        self.after = after
        self._engine = engine
        self._vault = vault
        self._channel = channel

    async def perform(self, event: Recorded) -> Told:
        """Whoever took it off the list or chose otherwise since the call is told nothing."""
        called: WatcherCalled = event.event
        account: Any = await self._engine.state_since(called.account_id, event.position)
        if not isinstance(account, ActiveAccount):
            return skipped("erased")
        if not account.told_of_wishes:
            return skipped("not wanted")
        wishes: Wishlist = await self._engine.state_since(wishlist_of(called.account_id), event.position)
        if called.sku not in wishes.items:
            return skipped("not wished any more")
        recipient = recipient_of(self._vault, called.account_id, account)
        if recipient is None:
            return skipped("erased")
        notice = WishNotice(called, event, message_id(self.delivery_id, event.event_id))
        return await self._channel.send(notice, recipient)

    async def gone(self) -> None:
        raise AssertionError("a channel does not end")
