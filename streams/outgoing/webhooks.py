"""Webhooks: events to subscribers over HTTP, signed as Standard Webhooks has it.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from __future__ import annotations

import asyncio
import base64
import os
from contextlib import suppress
from importlib import import_module

import msgspec

from commands.context import system_context
from commands.engine import Engine
from commands.vault import Vault
from domain.errors import NotFound
from domain.ids import delivery_id
from domain.instants import instant
from domain.outgoing.subscription import BOOK, GONE, DisableSubscription, Subscription, Subscriptions
from domain.recorded import Recorded
from streams.gateways.signatures import PREFIX, Signer
from streams.outgoing import port
from streams.outgoing.port import NotSent, Sender, Told, failed, hopeless, message_id, sent
from streams.outgoing.published import TELLABLE, published, types_of

SECRET_BYTES = 32


def new_secret() -> str:
    return PREFIX + base64.b64encode(os.urandom(SECRET_BYTES)).decode()


def payload(event: Recorded) -> bytes:
    """As the pull feed has it, with the time where Standard Webhooks wants it as well."""
    return msgspec.json.encode({**published(event), "timestamp": instant(event.meta.occurred_at)})


class Webhooks:
    """The subscribers there are."""

    def __init__(self, engine: Engine, vault: Vault, *, private: bool = False, sender: Sender | None = None) -> None:
        """``private`` allows receivers in private networks, and without TLS. Without a ``sender`` it goes over HTTP."""
        self.engine = engine
        self.vault = vault
        self._private = private
        self._sender = sender

    async def close(self) -> None:
        if self._sender is not None:
            await self._sender.close()

    async def targets(self) -> list[Subscriber]:
        book: Subscriptions = await self.engine.state(BOOK, keep_absent=True)
        active = {key: one for key, one in book.all.items() if not one.disabled}
        if not active:
            return []
        if self._sender is None:
            # Only now: the client takes a third of a second to import, and most shops have no subscribers.
            module = await asyncio.to_thread(import_module, "streams.outgoing.posting")
            self._sender = module.Posting(private=self._private)
        return [Subscriber(self, self._sender, key, one) for key, one in active.items()]


class Subscriber:
    """A target of deliveries: one subscription."""

    def __init__(self, webhooks: Webhooks, sender: Sender, subscription_id: str, subscription: Subscription) -> None:
        self.delivery_id = delivery_id(subscription_id)
        self.types = types_of(subscription.types, known=TELLABLE)
        self.after = subscription.after
        self._webhooks = webhooks
        self._sender = sender
        self._id = subscription_id
        self._url = subscription.url
        self._secret = subscription.secret

    async def perform(self, event: Recorded) -> Told:
        opened = self._webhooks.vault.open(self._id, self._secret)
        if opened is None:
            return hopeless("the subscription's secret is gone")
        body, now = payload(event), self._webhooks.engine.clock() // 1000
        headers = Signer(str(opened["secret"])).headers(message_id(self.delivery_id, event.event_id), now, body)
        try:
            status = await self._sender.post(self._url, body, headers)
        except NotSent as error:
            return failed(str(error))
        if 200 <= status < 300:
            return sent()
        return Told(port.GONE) if status == 410 else failed(f"answered {status}")

    async def gone(self) -> None:
        engine = self._webhooks.engine
        now = engine.clock()
        with suppress(NotFound):  # somebody has deleted it while the receiver answered
            await engine.submit(DisableSubscription(BOOK, self._id, GONE, now), system_context("deliveries", now))
