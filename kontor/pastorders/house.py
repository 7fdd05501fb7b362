"""Where a story is driven: the embedded profile, or the full one. Whoever acts by the clock is in this process in both,
for a clock can be set in no other."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import NamedTuple

from commands.errors import UnusableLog
from kontor.settings import Settings
from kontor.wiring.embedded import embedded
from projections.views import Views
from streams.views.follower import Follower
from writeapi.services import WriteServices


class House(NamedTuple):
    services: WriteServices
    follower: Follower
    """Of whoever sees orders through."""
    checkouts: Views
    """What it has seen of them."""
    working: Callable[[], int]
    """Payments of which this process waits for an outcome."""


@asynccontextmanager
async def opened(settings: Settings, clock: Callable[[], int]) -> AsyncIterator[House]:
    """With a log that is empty. Raises UnusableLog."""
    if settings.profile == "full":
        async with _beside_the_others(settings, clock) as house:
            yield house
        return
    async with embedded(settings, clock=clock) as services:
        assert isinstance(services.follower, Follower)
        yield House(services, services.follower, services.views, lambda: services.payments.working)


@asynccontextmanager
async def _beside_the_others(settings: Settings, clock: Callable[[], int]) -> AsyncIterator[House]:
    """The command service and `work processes`. What they do not do themselves is up to processes that know no clock:
    relay, `work views`, `work orders` and the payment provider."""
    from kontor.wiring import full

    async with (
        full.write_side(settings, clock) as services,
        full.process_worker(settings, clock) as worker,
    ):
        if await worker.log.head():
            raise UnusableLog("past orders need a shop of their own: there are events in this log already")
        await services.noticing.start()
        yield House(services, worker.follower, worker.views, lambda: 0)  # a purchase is answered when it is paid
