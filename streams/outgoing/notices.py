"""Notices: what buyers are told of their orders, by mail, by SMS or as a push message.

The event is the intent, as everywhere; ``KINDS`` says which events are. A channel that is connected has a courier of
its own, so that one that is down holds up no other. Whom a notice goes to is looked up when it is sent: a person who
was erased, or wants to hear nothing, is told nothing, and the event log says so. Channels that are not connected are
written of in the program's log instead, without saying about whom.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import structlog

from commands.engine import Engine
from commands.vault import Vault
from domain.buyers.account import ActiveAccount
from domain.buyers.watch import WatcherCalled
from domain.ids import delivery_id
from domain.orders import order, returns, shipment
from domain.orders.order import CancelledOrder, NoOrder, OpenOrder, OrderPlaced, PaidOrder
from domain.payments import giftcard, payment
from domain.recorded import Recorded
from domain.stored.codec import EVENTS
from streams.money.effect import order_of
from streams.outgoing.port import Told, hopeless, message_id, skipped

CHANNELS = ("mail", "sms", "push")
COURIERS = (*CHANNELS, "wishes", *(f"{channel}_{about}" for channel in CHANNELS for about in ("wishes", "accounts")))
"""By name, all that notices may have: of orders, of who is to hear of a wish, of wishes, and of accounts."""
KINDS: dict[type, str] = {
    order.OrderConfirmed: "confirmed",
    order.OrderCancelled: "cancelled",
    shipment.ShipmentShipped: "shipped",
    shipment.ShipmentDelivered: "delivered",
    order.LinesCancelled: "lines_cancelled",
    returns.ReturnApproved: "return_approved",
    returns.ReturnRejected: "return_rejected",
    returns.ReturnReceived: "return_received",
    payment.PaymentRefunded: "refunded",
    giftcard.GiftCardRefunded: "credited",
}
TYPES = frozenset(name for name, (_, kind) in EVENTS.items() if kind in KINDS)

log = structlog.get_logger("notices")


@dataclass(frozen=True, slots=True)
class Notice:
    """What is to be told about one event of an order, whatever the channel."""

    kind: str
    """One of ``KINDS``."""
    order_id: str
    order: OpenOrder | PaidOrder | CancelledOrder
    event: Recorded
    message_id: str
    """The same at every attempt, and another for every channel."""
    said: str = ""
    """What somebody wrote for the buyer with it, opened."""

    @property
    def placed(self) -> OrderPlaced:
        return self.order.placed


@dataclass(frozen=True, slots=True)
class WishNotice:
    """What is to be told to somebody who waited for a product, whatever the channel."""

    called: WatcherCalled
    event: Recorded
    message_id: str
    """The same at every attempt, and another for every channel."""

    @property
    def kind(self) -> str:
        return self.called.kind


@dataclass(frozen=True, slots=True)
class AccountNotice:
    kind: str
    """Of ``accountnotices.py``."""
    event: Recorded
    message_id: str
    """The same at every attempt, and another for every channel."""
    link: str = field(repr=False)
    """Whoever knows that of a new password can set it: it stands in the letter and nowhere else. Empty where there is
    none."""


AnyNotice = Notice | WishNotice | AccountNotice


@dataclass(frozen=True, slots=True)
class Recipient:
    name: str
    email: str


def recipient_of(vault: Vault, account_id: str, account: ActiveAccount) -> Recipient | None:
    """None for somebody who was erased."""
    opened = vault.open(account_id, account.profile)
    if not opened or not opened.get("email"):
        return None
    return Recipient(str(opened.get("name", "")), str(opened["email"]))


class Channel(Protocol):
    @property
    def name(self) -> str:
        """One of ``CHANNELS``."""

    async def send(self, notice: AnyNotice, recipient: Recipient) -> Told:
        """Sends it once. The reason of a failure says nothing about the person."""


class Unconnected:
    """The log adapter of all channels that are not connected: hears of what this process commits, and writes down what
    nobody is told. A line in a log needs no courier."""

    def __init__(self, channels: Sequence[str]) -> None:
        self._channels = list(channels)
        # Where one is connected, the others are probably not wanted.
        self._tell = log.info if len(self._channels) == len(CHANNELS) else log.debug

    def committed(self, events: Sequence[Recorded]) -> None:
        """The engine's listener."""
        for recorded in events:
            kind = KINDS.get(type(recorded.event))
            if kind is not None:
                self._tell("notice_not_sent", kind=kind, order=_order_of(recorded), channels=self._channels)


class Notices:
    """A target of deliveries: buyers, by one channel. ``after`` is where the channel was connected."""

    def __init__(self, engine: Engine, vault: Vault, channel: Channel, after: int) -> None:
        self.delivery_id = delivery_id(channel.name)
        self.types = TYPES
        self.after = after
        self._engine = engine
        self._vault = vault
        self._channel = channel

    async def perform(self, event: Recorded) -> Told:
        """Written upon no older state than the event's own: another process that had heard of less would skip what an
        earlier attempt has said."""
        order_id = _order_of(event)
        known: Any = await self._engine.state_since(order_id, event.position)
        if isinstance(known, NoOrder):
            return hopeless("there is no such order")
        placed: OrderPlaced = known.placed
        account: Any = await self._engine.state_since(placed.account_id, event.position)
        if not isinstance(account, ActiveAccount):
            return skipped("erased")
        if not account.told_of_orders:
            return skipped("not wanted")
        recipient = recipient_of(self._vault, placed.account_id, account)
        if recipient is None:
            return skipped("erased")
        kind = KINDS[type(event.event)]
        key = message_id(self.delivery_id, event.event_id)
        notice = Notice(kind, order_id, known, event, key, self._said(placed.account_id, event))
        return await self._channel.send(notice, recipient)

    def _said(self, account_id: str, event: Recorded) -> str:
        """Why units were called off or a return is refused, if somebody wrote it. Nothing of a whole order: who rejects
        one after a review writes for the house."""
        if not isinstance(event.event, order.LinesCancelled | returns.ReturnRejected) or not event.event.note:
            return ""
        opened = self._vault.open(account_id, event.event.note)
        return str((opened or {}).get("note") or "")

    async def gone(self) -> None:
        raise AssertionError("a channel does not end")


def _order_of(event: Recorded) -> str:
    if isinstance(event.event, giftcard.GiftCardRefunded):
        return event.event.order_id
    return event.stream if event.stream.startswith("ord_") else order_of(event.stream)
