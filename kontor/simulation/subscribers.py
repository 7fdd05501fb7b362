"""Administrators who subscribe others to events, end subscriptions, and have something sent once more."""

from __future__ import annotations

import asyncio
import base64
from contextlib import suppress
from random import Random

from commands.errors import StorageUnavailable
from domain.decider import Command
from domain.ids import delivery_id, new_id
from domain.outgoing.delivery import (
    AskDelivery,
    Delivery,
    DeliveryAsked,
    DeliveryDropped,
    DeliveryParked,
    DropParked,
    RetryParked,
)
from domain.outgoing.subscription import BOOK, CreateSubscription, DeleteSubscription, Subscription
from domain.recorded import Recorded
from domain.stored.codec import stored_name
from kontor.simulation.audit import Audit
from kontor.simulation.chance import KEPT_MS
from kontor.simulation.door import Door
from kontor.simulation.outside import Receiver, Receivers, given_up_too_early
from kontor.simulation.process import Gone
from streams.gateways.signatures import PREFIX
from streams.outgoing.published import TELLABLE, type_of, types_of

THINKING_S = 0.6
AT_ONCE = 3
PATTERNS = (
    ("order.*",),
    ("payment.*", "order.paid"),
    ("stock.held", "stock.committed"),
    ("order.placed", "subscription.*"),
    ("*",),
)


class Subscribers:
    def __init__(self, door: Door, receivers: Receivers, audit: Audit, chance: Random) -> None:
        self.calm = False
        self._door = door
        self._receivers = receivers
        self._audit = audit
        self._disk = receivers.disk
        self._chance = chance
        self._verdict = receivers.verdict
        self._dropped: set[tuple[str, str]] = set()
        """Deliveries that somebody took off the parked ones: by stream and event id."""
        self._task: asyncio.Task[None] | None = None

    @property
    def done(self) -> tuple[str, int]:
        return "webhooks", sum(sum(one.taken.values()) for one in self._receivers.known.values())

    async def open(self) -> None:
        pass

    def come(self) -> None:
        self._task = asyncio.ensure_future(self._live())

    async def go(self) -> None:
        self.calm = self._receivers.faults.calm = True
        if self._task is not None:
            await self._task

    async def rest(self) -> None:
        self._receivers.at_rest = True

    # lives

    async def _live(self) -> None:
        while not self.calm:
            with suppress(Gone, StorageUnavailable):
                await self._do_something()
            await asyncio.sleep(self._chance.expovariate(1 / THINKING_S))

    async def _do_something(self) -> None:
        """All of these may be refused: what is spoken of may be gone."""
        active, draw = self._active(), self._chance.random()
        if len(active) < AT_ONCE and draw < (0.3 if active else 1.0):
            await self._subscribe()
            return
        subscription_id = self._chance.choice(sorted(active)) if active else ""
        if not subscription_id:
            return
        if draw < 0.4:
            await self._end(subscription_id)
        else:
            command = self._about_a_delivery(subscription_id)
            if command is not None:
                await self._door.ask("usr_admin", command)

    def _active(self) -> dict[str, Subscription]:
        book = self._audit.streams.get(BOOK)
        known: dict[str, Subscription] = {} if book is None else book.state.all
        return {key: one for key, one in known.items() if not one.disabled}

    async def _subscribe(self) -> None:
        """As ``POST /api/subscriptions`` does it."""
        process, chance = self._door.any(), self._chance
        subscription_id = new_id("subscription", process.clock(), chance.randbytes(10))
        secret, types = PREFIX + base64.b64encode(chance.randbytes(32)).decode(), chance.choice(PATTERNS)

        async def prepare() -> tuple[bytes, int]:
            await asyncio.to_thread(process.vault.ensure_key, subscription_id)
            return process.vault.seal(subscription_id, {"secret": secret}), await process.engine.log.head()

        sealed, after = await process.ask(prepare)
        one = self._receivers.add(subscription_id, secret, types_of(types, known=TELLABLE), after)
        command = CreateSubscription(BOOK, subscription_id, one.url, types, sealed, after, process.clock())
        await self._door.ask("usr_admin", command)

    async def _end(self, subscription_id: str) -> None:
        """As ``DELETE /api/subscriptions/{id}`` does it; some give up in the middle."""
        process = self._door.any()
        if not await self._door.ask("usr_admin", DeleteSubscription(BOOK, subscription_id, process.clock())):
            return

        async def destroy() -> None:
            await asyncio.to_thread(process.vault.destroy_key, subscription_id)
            self._receivers.known[subscription_id].ended = True

        await process.ask(destroy)

    def _about_a_delivery(self, subscription_id: str) -> Command | None:
        name, now = delivery_id(subscription_id), self._door.any().clock()
        one = self._receivers.known[subscription_id]
        parked = sorted(self._delivery(name).parked)
        if parked and self._chance.random() < 0.6:
            event_id = self._chance.choice(parked)
            return self._chance.choice((RetryParked(name, event_id, now), DropParked(name, event_id)))
        row = self._chance.choice(self._disk.rows)
        if type_of(row.topic) not in one.types:
            return None
        return AskDelivery(name, f"{row.stream}/{row.version}", row.position, now)

    def _delivery(self, name: str) -> Delivery:
        stream = self._audit.streams.get(name)
        return Delivery() if stream is None else stream.state

    # what became of it

    def heard(self, event: Recorded) -> None:
        match event.event:
            case DeliveryDropped(event_id=event_id):
                self._dropped.add((event.stream, event_id))
            case DeliveryAsked(event_id=event_id) if event.stream in self._receivers.by_delivery:
                self._receivers.by_delivery[event.stream].asked.add(event_id)
            case DeliveryParked() as parked if event.stream in self._receivers.by_delivery:
                self._parked(self._receivers.by_delivery[event.stream], parked)
        self._receivers.heard(stored_name(event.event), event.position)

    def _parked(self, one: Receiver, parked: DeliveryParked) -> None:
        """Of one that has ended nobody can sign any more; of all others only what was tried for long enough."""
        if one.subscription_id in self._active() and given_up_too_early(parked, KEPT_MS):
            self._verdict.fail(f"{one.subscription_id} is given up: {parked}")

    def waits(self) -> str:
        for subscription_id in self._active():
            one, state = self._receivers.known[subscription_id], self._delivery(delivery_id(subscription_id))
            if state.position < one.last or state.open:
                told = f"was told up to {state.position}, and of {len(state.open)} events not yet"
                return f"{subscription_id} {told}; the last it asked for is at {one.last}"
        return ""

    def look(self) -> None:
        """Every subscription that stands was told of all that it is for, or somebody can see that it was not."""
        for subscription_id, subscription in self._active().items():
            one, name = self._receivers.known[subscription_id], delivery_id(subscription_id)
            parked = self._delivery(name).parked
            for row in self._disk.rows[subscription.after :]:
                event_id = f"{row.stream}/{row.version}"
                if type_of(row.topic) not in one.types or event_id in one.taken or event_id in parked:
                    continue
                if (name, event_id) not in self._dropped:
                    self._verdict.fail(
                        f"{subscription_id} was never told of {event_id} ({row.topic}) at {row.position}"
                    )
            for event_id in one.first_at_rest:
                if one.taken.get(event_id, 0) > 1:
                    self._verdict.fail(f"{subscription_id} was told of {event_id} twice, and nothing had gone wrong")
