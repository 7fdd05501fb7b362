"""Buyers who get letters about their orders: they have accounts, want no letters for a while, and now and then one has
himself erased.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from random import Random

from commands.context import Context, new_command_id
from commands.errors import Overloaded, StorageUnavailable
from commands.mapper import recorded
from domain.buyers.account import ChangeProfile, ErasedAccount, NotificationsChosen, RegisterAccount
from domain.ids import claim_id, delivery_id
from domain.outgoing.delivery import (
    Delivery,
    DeliveryBegun,
    DeliveryParked,
    DeliverySettled,
    DeliverySkipped,
)
from domain.recorded import Recorded
from domain.stored.codec import stored_name
from kontor.simulation.audit import Audit
from kontor.simulation.chance import KEPT_MS
from kontor.simulation.door import Door
from kontor.simulation.outside import given_up_too_early
from kontor.simulation.people import BUYERS_MAX, People, buyer_of
from kontor.simulation.postoffice import HEARD_WITHIN_S, PostOffice
from kontor.simulation.process import Gone
from streams.outgoing.notices import TYPES
from streams.outgoing.port import message_id
from streams.outgoing.published import type_of
from streams.processes.erasure import erase

THINKING_S = 2.0
MAIL = delivery_id("mail")


class Letters:
    def __init__(self, door: Door, people: People, office: PostOffice, audit: Audit, chance: Random) -> None:
        self._door = door
        self._people = people
        self._office = office
        self._audit = audit
        self._chance = chance
        self._verdict = office.verdict
        self._after: int | None = None
        """Events beyond this position are told."""
        self._last = 0
        """The last that is."""
        self._skipped: dict[str, str] = {}
        """Why somebody was told nothing, by event id."""
        self._once_unwilling: set[str] = set()
        self._last_orders: dict[str, bool] = {}
        """Whether their buyers wanted to hear of them, when all was at rest and everybody knew."""
        self._task: asyncio.Task[None] | None = None

    @property
    def done(self) -> tuple[str, int]:
        return "letters", sum(map(len, self._office.taken.values()))

    async def open(self) -> None:
        """Every buyer has an account."""
        for number in range(BUYERS_MAX):
            account_id, email = buyer_of(number), f"buyer-{number}@example.org"
            self._office.emails[account_id] = email
            while account_id not in self._audit.profiles:
                with suppress(Gone, StorageUnavailable):
                    await self._register(account_id, email)
                await asyncio.sleep(0.05)

    async def _register(self, account_id: str, email: str) -> None:
        process = self._door.any()

        async def seal() -> tuple[str, bytes]:
            await asyncio.to_thread(process.vault.ensure_key, account_id)
            claim = claim_id("email", process.vault.email_lookup(email))
            return claim, process.vault.seal(account_id, {"name": "Grace", "email": email})

        await self._door.ask(account_id, RegisterAccount(account_id, *await process.ask(seal)))

    def come(self) -> None:
        self._task = asyncio.ensure_future(self._live())

    async def go(self) -> None:
        self._office.faults.calm = True
        if self._task is not None:
            await self._task

    async def rest(self) -> None:
        """One of the buyers wants no letters, and orders; then he wants them, and orders."""
        self._office.at_rest = True
        stay = [account_id for account_id in map(buyer_of, range(BUYERS_MAX)) if account_id not in self._people.gone]
        if not stay:
            return
        account_id = self._chance.choice(stay)
        for told in (False, True):
            await self._door.ask(account_id, ChangeProfile(account_id, told_of_orders=told))
            await asyncio.sleep(HEARD_WITHIN_S + 1)
            self._last_orders[await self._people.buy_one(account_id)] = told
            await asyncio.sleep(HEARD_WITHIN_S)

    # lives

    async def _live(self) -> None:
        while not self._office.faults.calm:
            await asyncio.sleep(self._chance.expovariate(1 / THINKING_S))
            account_id, draw = buyer_of(self._chance.randrange(BUYERS_MAX)), self._chance.random()
            with suppress(Gone, StorageUnavailable, Overloaded):
                if draw < 0.15 and not self._people.gone:
                    self._people.gone.add(account_id)
                    await self._erase(account_id)
                else:
                    chosen = ChangeProfile(account_id, told_of_orders=self._chance.random() < 0.6)
                    await self._door.ask(account_id, chosen)

    async def _erase(self, account_id: str) -> None:
        """Once; what comes to no end is finished by the process that is there for it."""
        process = self._door.any()

        async def work() -> None:
            await erase(
                process.engine, process.vault, account_id, Context(account_id, new_command_id(), process.clock())
            )

        await process.ask(work)

    # what became of it

    def heard(self, event: Recorded) -> None:
        if stored_name(event.event) in TYPES:
            self._last = event.position
        match event.event:
            case NotificationsChosen(orders=orders):
                if orders:
                    self._office.unwilling.pop(event.stream, None)
                else:
                    self._office.unwilling[event.stream] = self._office.now()
                    self._once_unwilling.add(event.stream)
            case DeliveryBegun(position=position) if event.stream == MAIL:
                self._after = position
            case DeliverySkipped(event_id=event_id, reason=reason) if event.stream == MAIL:
                self._skipped[event_id] = reason
            case DeliverySettled(event_id=event_id, outcome="skipped", reason=reason) if event.stream == MAIL:
                self._skipped[event_id] = reason
            case DeliveryParked() as parked if event.stream == MAIL:
                self._parked(parked)

    def _parked(self, parked: DeliveryParked) -> None:
        refused = message_id(MAIL, parked.event_id) in self._office.refused
        if not refused and given_up_too_early(parked, KEPT_MS):
            self._verdict.fail(f"a letter is given up: {parked}")

    def _delivery(self) -> Delivery:
        stream = self._audit.streams.get(MAIL)
        return Delivery() if stream is None else stream.state

    def _is_erased(self, account_id: str) -> bool:
        """Or has no account at all, as those who stand in line for drops."""
        stream = self._audit.streams.get(account_id)
        return stream is None or isinstance(stream.state, ErasedAccount)

    def waits(self) -> str:
        left = [one for one in self._people.gone if self._is_erased(one) and self._office.cabinet.left_of(one)]
        if left:
            return f"something is left of {left[0]}"
        state = self._delivery()
        if state.position < self._last or state.open:
            told = f"letters were sent up to {state.position}, and of {len(state.open)} events not yet"
            return f"{told}; the last that calls for one is at {self._last}"
        return ""

    def look(self) -> None:
        """Each event that calls for a letter had one, or it can be seen why not; when all was at rest, one only."""
        assert self._after is not None, "nobody has begun to write"
        office, parked = self._office, self._delivery().parked
        for row in office.disk.rows[self._after :]:
            event_id = f"{row.stream}/{row.version}"
            if type_of(row.topic) not in TYPES or event_id in parked:
                continue
            name = message_id(MAIL, event_id)
            copies = len(office.taken.get(name, ()))
            if event_id in self._skipped and not copies:
                self._may_be_skipped(recorded(row), self._skipped[event_id])
            elif not copies:
                self._verdict.fail(f"nobody had a letter about {event_id} ({row.topic}) at {row.position}")
            if copies > 1 and office.first_at_rest[name]:
                self._verdict.fail(f"{copies} letters about {event_id} ({row.topic}) came, and nothing had gone wrong")

    def _may_be_skipped(self, event: Recorded, reason: str) -> None:
        order_id = event.stream if event.stream.startswith("ord_") else event.meta.correlation
        account_id = self._audit.streams[order_id].state.placed.account_id
        if self._last_orders.get(order_id):
            self._verdict.fail(f"{account_id} had no letter about {order_id}, and wants them")
        if not (self._is_erased(account_id) if reason == "erased" else account_id in self._once_unwilling):
            self._verdict.fail(f"{account_id} had no letter about {event.event_id}, as {reason!r}")
