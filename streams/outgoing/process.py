"""The delivery process: a courier for everybody outside who is to be told something."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Iterable, Sequence

import structlog

from commands.engine import Engine
from commands.errors import UnreadableStream, WritePathError
from commands.outage import Outage
from commands.pausing import pause
from domain.ids import delivery_id
from domain.recorded import Recorded
from domain.stored.codec import TOPICS
from projections.views import Touched
from streams.outgoing.courier import Courier, Pacing
from streams.outgoing.notices import COURIERS
from streams.outgoing.port import Target
from streams.outgoing.published import type_of

REFRESH_S = 5.0
CHANNELS = {delivery_id(key): key for key in COURIERS}

log = structlog.get_logger("deliveries")
Targets = Callable[[], Awaitable[Iterable[Target]]]
"""All that there are now. Raises WritePathError."""


class DeliveryProcess:
    def __init__(self, engine: Engine, *targets: Targets, pacing: Pacing | None = None) -> None:
        self._engine = engine
        self._targets = targets
        self._pacing = pacing or Pacing()
        self._worker = secrets.token_hex(8)
        self._couriers: dict[str, tuple[Courier, asyncio.Task[None]]] = {}
        self._changed = asyncio.Event()
        self._closing = False
        self._task: asyncio.Task[None] | None = None
        self._outage = Outage(log, "targets_unknown", "targets_known")

    @property
    def reached(self) -> dict[str, int]:
        """How far the couriers of this process have looked, by the stream that knows how far they have told; without
        those whose work another process does."""
        found = {name: courier.position for name, (courier, _) in self._couriers.items()}
        return {name: at for name, at in found.items() if at is not None}

    @property
    def positions(self) -> dict[str, int]:
        """The same by channel; the last of all subscribers as ``webhooks``."""
        found: dict[str, int] = {}
        for delivery, at in self.reached.items():
            name = CHANNELS.get(delivery, "webhooks")
            found[name] = min(found.get(name, at), at)
        return found

    @property
    def failed(self) -> int:
        """Deliveries that wait for another attempt. May be asked by another thread."""
        return sum(courier.failed for courier, _ in list(self._couriers.values()) if courier.position is not None)

    async def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="deliveries")

    async def close(self) -> None:
        """Lets calls in flight end, within limits. What is not recorded by then the next process tells once more."""
        self._closing = True
        self._changed.set()
        if self._task is not None:
            await self._task
        await self._let_go(list(self._couriers))

    def applied(self, events: Sequence[Recorded], touched: Touched) -> None:
        """The follower's listener."""
        names = {type_of(TOPICS.get(type(event.event), "")) for event in events}
        for courier, _ in self._couriers.values():
            courier.heard(names, events[0].position, events[-1].position)
        if any(name.startswith("subscription.") for name in names):
            self._changed.set()

    async def _run(self) -> None:
        while not self._closing:
            self._changed.clear()
            try:
                await self._refresh()
                self._outage.ended()
            except WritePathError as error:
                self._outage.met(error)
            except Exception:
                log.exception("deliveries_not_refreshed")
            await pause(self._changed, REFRESH_S)

    async def _refresh(self) -> None:
        """Raises UnreadableStream in the end for targets that are not known; who has one keeps his courier."""
        wanted: dict[str, Target] = {}
        unknown: UnreadableStream | None = None
        for targets in self._targets:
            try:
                wanted.update({target.delivery_id: target for target in await targets()})
            except UnreadableStream as error:
                unknown = error
        if unknown is None:
            await self._let_go([name for name in self._couriers if name not in wanted])
        for name, target in wanted.items():
            if name not in self._couriers:
                courier = Courier(self._engine, target, self._worker, self._pacing)
                self._couriers[name] = (courier, asyncio.create_task(courier.run(), name=name))
        if unknown is not None:
            raise unknown

    async def _let_go(self, names: Sequence[str]) -> None:
        """Within limits: a call that is cut off is made once more by whoever comes next."""
        leaving = [self._couriers.pop(name) for name in names]
        if not leaving:
            return
        for courier, _ in leaving:
            courier.stop()
        _, slow = await asyncio.wait([task for _, task in leaving], timeout=self._pacing.close)
        for task in slow:
            task.cancel()
        await asyncio.gather(*slow, return_exceptions=True)
