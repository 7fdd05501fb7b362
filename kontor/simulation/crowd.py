"""A crowd for goods of which there are few: a shop announces drops, and fans stand in line for them.

Attendants and lines are the real ones, in processes that may be killed in the middle of anything. Some fans let their
turn pass, some join again, some try to buy twice. When all is at rest there is a last drop, of which it is known how it
has to end.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from hashlib import sha256
from random import Random
from typing import NamedTuple

from commands.errors import Overloaded, StorageUnavailable
from domain.buyers.cart import AddItem, CartLine, OpenCart, cart_of
from domain.decider import Command
from domain.errors import DomainError
from domain.ids import new_id
from domain.inventory.inventory import ReceiveStock, StockHeld, StockRefused
from domain.money import Money
from domain.orders.order import CancelledOrder, PaidOrder
from domain.recorded import Recorded
from domain.sellers.drop import Drop, DropAnnounced, DropOpened, DropTerms, commitment_of
from domain.sellers.offer import PutOffer, Terms, drop_of
from kontor.simulation.audit import Audit
from kontor.simulation.cabinet import Cabinet
from kontor.simulation.chance import ORDERING_MS
from kontor.simulation.door import Door
from kontor.simulation.goods import DROPPED, LAST_DROPPED, Good
from kontor.simulation.line import announce, call_off, drops_of, join, look, order
from kontor.simulation.people import TOKENS
from kontor.simulation.process import Gone, Process
from kontor.simulation.violation import Verdict
from readapi.edge.problems import ProblemError
from readapi.shown.drops import Place
from streams.indexing.assembly import offer_of
from streams.waiting.line import LineFull
from streams.waiting.tokens import Admission, Ticket

FANS = 6
THINKING_S = 0.5
DROP_EVERY_S = 3.0
LETS_IT_PASS = 0.25
LAST_UNITS = 2
EAGER = (True, True, True, False, False)
"""Of those in the last line: whether they buy as soon as they can. The others let their turn pass."""
ANSWERED_WITHIN_S = 15.0
"""Everybody in the last line; several times as long as it takes."""


class _Purchase(NamedTuple):
    """An order of a drop's goods."""

    admission: Admission
    units: int


class Crowd:
    def __init__(
        self, door: Door, cabinet: Cabinet, audit: Audit, latest: Callable[[], int], chance: Random, verdict: Verdict
    ) -> None:
        """``latest``: the latest instant that any clock has shown to anybody (ms since 1970)."""
        self.calm = False
        self._door = door
        self._cabinet = cabinet
        self._audit = audit
        self._latest = latest
        self._chance = chance
        self._verdict = verdict
        self._tasks: list[asyncio.Task[None]] = []
        self._commitments: dict[str, str] = {}
        self._draws: dict[str, tuple[str, int]] = {}
        """Seed and number of tickets, by drop, as the log has them."""
        self._numbers: dict[tuple[str, int], str] = {}
        """Whose a ticket's number is."""
        self._purchases: dict[str, _Purchase] = {}
        """By order."""
        self._disturbed: set[str] = set()
        """Drops during which units were held by an admission to an earlier one, or later than orders take."""
        self._let_in: list[tuple[int, str]] = []
        """Of the last drop: the places of those who bought, and their orders."""

    @property
    def done(self) -> tuple[str, int]:
        return "tickets", len(self._numbers)

    async def open(self) -> None:
        for good in (*DROPPED, LAST_DROPPED):
            terms = Terms(Money(good.price, "USD"), limit_per_account=good.limit)
            await self._staff(PutOffer(offer_of(good.stock_id), f"prd_{good.sku}", "USD", terms))

    def come(self) -> None:
        lives = [self._shop(good) for good in DROPPED]
        lives += [self._fan(f"usr_01HF7YAT0000000000000000F{n}", DROPPED[n % len(DROPPED)]) for n in range(FANS)]
        self._tasks = [asyncio.ensure_future(life) for life in lives]

    async def go(self) -> None:
        self.calm = self._cabinet.faults.calm = True
        await asyncio.gather(*self._tasks)

    # the shop

    async def _shop(self, good: Good) -> None:
        while not self.calm:
            await asyncio.sleep(self._chance.expovariate(1 / DROP_EVERY_S))
            with suppress(Gone, StorageUnavailable, Overloaded, DomainError):
                await self._see_to(good, self._door.any())

    async def _see_to(self, good: Good, process: Process) -> None:
        drops = await process.ask(lambda: drops_of(process, good))
        if drops and self._chance.random() < 0.3:
            await process.ask(lambda: call_off(process, drops[0], good))
        elif not drops:
            await self._staff(ReceiveStock(good.stock_id, self._chance.randint(1, 2), process.clock()))
            await self._announce(process, good)

    async def _announce(self, process: Process, good: Good) -> None:
        chance = self._chance
        opens_at = process.clock() + chance.randrange(200, 1_500)
        ends_at = opens_at + chance.randrange(2_000, 8_000)
        terms = DropTerms(opens_at, ends_at, chance.choice((60, 600, 6_000)), chance.choice((600, 1_500)))
        drop_id = new_id("drop", process.clock(), chance.randbytes(10))
        await process.ask(lambda: announce(process, drop_id, good, terms))

    # fans

    async def _fan(self, account_id: str, good: Good) -> None:
        while not self.calm:
            await asyncio.sleep(self._chance.expovariate(1 / THINKING_S))
            process = self._door.any()
            with suppress(Gone, StorageUnavailable, Overloaded):
                drops = await process.ask(partial(drops_of, process, good))
                if drops:
                    await self._stand_in_line(account_id, drops[0], good)

    async def _stand_in_line(self, account_id: str, drop_id: str, good: Good) -> None:
        """Until there is an answer, or he has enough of it."""
        ticket = await self._join(account_id, drop_id)
        while ticket is not None:
            await asyncio.sleep(0.1 + self._chance.random() * 0.4)
            found = await self._look(ticket)
            if found is None or found.state in ("ended", "sold_out"):
                return
            if found.state == "lapsed":
                ticket = await self._join(account_id, drop_id) if self._chance.random() < 0.6 else None
            elif found.state == "admitted":
                if self._chance.random() < LETS_IT_PASS:
                    await asyncio.sleep(found.room.terms.admission_ms / 1000)
                elif await self._buy(found, good, self._chance.choice(TOKENS)) and self._chance.random() < 0.7:
                    return

    async def _join(self, account_id: str, drop_id: str) -> Ticket | None:
        while True:
            process = self._door.any()
            with suppress(Gone, StorageUnavailable):
                try:
                    found = await process.ask(partial(join, process, drop_id, account_id))
                except (KeyError, LineFull):
                    return None
                return None if found is None else self._judged(found).ticket
            await asyncio.sleep(0.1)

    async def _look(self, ticket: Ticket) -> Place | None:
        while True:
            process = self._door.any()
            with suppress(Gone, StorageUnavailable):
                found = await process.ask(partial(look, process, ticket))
                return None if found is None else self._judged(found)
            await asyncio.sleep(0.1)

    def _judged(self, found: Place) -> Place:
        """Held against what the log says of the draw, by counting once more."""
        ticket, verdict = found.ticket, self._verdict
        owner = self._numbers.setdefault((ticket.drop_id, ticket.number), ticket.account_id)
        if owner != ticket.account_id:
            verdict.fail(f"{ticket.account_id} and {owner} both have the number {ticket.number} of {ticket.drop_id}")
        if found.place:
            if ticket.drop_id not in self._draws:
                verdict.fail(f"{ticket.drop_id} has places, and the log does not know of the draw")
            right = place_by_lot(ticket.number, *self._draws[ticket.drop_id])
            if found.place != right:
                verdict.fail(
                    f"the number {ticket.number} of {ticket.drop_id} is told the place {found.place}, not {right}"
                )
        return found

    async def _buy(self, found: Place, good: Good, payment_token: str) -> bool:
        """Whether an order stands. Some try once more with the same admission."""
        ticket = found.ticket
        until = found.room.admitted_until(found.place)
        admission = Admission(*ticket, found.place, until)
        bought = False
        for _ in range(2 if self._chance.random() < 0.5 else 1):
            order_id = await self._order(admission, good, payment_token)
            bought = bought or (order_id != "" and await self._stands(order_id))
        return bought

    async def _order(self, admission: Admission, good: Good, payment_token: str) -> str:
        """Empty where none was placed, or nobody knows."""
        account_id, process = admission.account_id, self._door.any()
        cart_id = cart_of(account_id)

        def told(order_id: str, units: int) -> None:
            if order_id not in self._audit.streams:
                self._purchases[order_id] = _Purchase(admission, units)

        with suppress(Gone, StorageUnavailable, Overloaded, ProblemError):
            cart = await self._door.state(cart_id)
            if not isinstance(cart, OpenCart) or not cart.lines:
                line_id, units = new_id("line", process.clock(), self._chance.randbytes(10)), 1
                if good is not LAST_DROPPED and good.limit == 2 and self._chance.random() < 0.3:
                    units = 2
                sku, price = good.sku, Money(good.price, "USD")
                line = CartLine(line_id, good.shop_id, sku, f"prd_{sku}", sku.title(), units, price)
                await self._door.ask(account_id, AddItem(cart_id, line, process.clock(), account_id))
            return await process.ask(lambda: order(process, admission, good, payment_token, told))
        return ""

    async def _stands(self, order_id: str) -> bool:
        """Once it is decided, or after a moment."""
        for _ in range(5):
            stream = self._audit.streams.get(order_id)
            if stream is not None and isinstance(stream.state, PaidOrder | CancelledOrder):
                return isinstance(stream.state, PaidOrder)
            await asyncio.sleep(0.2)
        return True

    # the last drop

    async def rest(self) -> None:
        """Two units, of which each of three would buy one, and two others do nothing with their turn."""
        good, process = LAST_DROPPED, self._door.any()
        await self._staff(ReceiveStock(good.stock_id, LAST_UNITS, process.clock()))
        opens_at = process.clock() + 2_000  # when all stand in line: who comes late may only hear that it is sold out
        drop_id = new_id("drop", process.clock(), self._chance.randbytes(10))
        terms = DropTerms(opens_at, opens_at + 60_000, 600, 1_000)
        await process.ask(lambda: announce(process, drop_id, good, terms))
        until = opens_at + ANSWERED_WITHIN_S * 1000
        answers = await asyncio.gather(
            *(
                self._last_fan(f"usr_01HF7YAT0000000000000000G{n}", drop_id, eager, until)
                for n, eager in enumerate(EAGER)
            )
        )
        eager = sorted(place for place, is_eager, _ in answers if is_eager)
        bought = sorted(place for place, _, has in answers if has)
        if bought != eager[:LAST_UNITS]:
            self._verdict.fail(f"of the places {eager} of {drop_id} {bought} had one of {LAST_UNITS} units")
        await process.ask(lambda: call_off(process, drop_id, good))

    async def _last_fan(self, account_id: str, drop_id: str, eager: bool, until: float) -> tuple[int, bool, bool]:
        """The place, whether it was of somebody eager, and whether he bought."""
        await asyncio.sleep(self._chance.random())
        ticket: Ticket | None = None
        found: Place | None = None
        while True:
            await asyncio.sleep(0.1 + self._chance.random() * 0.1)
            if self._latest() > until:
                self._verdict.fail(f"{account_id} is in the line of {drop_id} for {ANSWERED_WITHIN_S:.0f} s: {found}")
            ticket = ticket or await self._join(account_id, drop_id)
            found = await self._look(ticket) if ticket is not None else None
            if found is None:
                continue  # whoever answers may not have heard of it yet
            if found.state == "admitted" and eager:
                bought = await self._buy(found, LAST_DROPPED, "pm_card_visa")
                return found.place, eager, bought
            if found.state in ("sold_out", "lapsed"):
                return found.place, eager, False

    # what became of it

    def heard(self, event: Recorded) -> None:
        match event.event:
            case DropAnnounced(drop_id=drop_id, commitment=commitment):
                self._commitments[drop_id] = commitment
            case DropOpened(drop_id=drop_id, seed=seed, joined=joined):
                if commitment_of(seed) != self._commitments[drop_id]:
                    self._verdict.fail(f"{drop_id} is drawn with another seed than the one that was committed to")
                self._draws[drop_id] = seed, joined
            case StockHeld(hold_id=order_id) if order_id in self._purchases:
                self._held(event.stream, self._purchases[order_id])
            case StockRefused(hold_id=order_id, reason="out_of_stock") if order_id in self._purchases:
                self._refused(event.stream, order_id, self._purchases[order_id])

    def _held(self, stock_id: str, purchase: _Purchase) -> None:
        drop, admission = self._drop_now(stock_id), purchase.admission
        late = self._latest() > admission.until + ORDERING_MS
        if drop is not None and (late or drop.drop_id != admission.drop_id):
            self._disturbed.add(drop.drop_id)

    def _refused(self, stock_id: str, order_id: str, purchase: _Purchase) -> None:
        """Whoever is let in finds a unit for as long as every clock says that the admission is good."""
        admission, drop, now = purchase.admission, self._drop_now(stock_id), self._latest()
        if drop is None or drop.drop_id != admission.drop_id or not drop.is_on(now) or drop.drop_id in self._disturbed:
            return
        if purchase.units == 1 and now < admission.until:
            self._verdict.fail(f"{admission.account_id} was let in, and {order_id} finds nothing at {now}: {admission}")

    def _drop_now(self, stock_id: str) -> Drop | None:
        return drop_of(self._audit.streams[offer_of(stock_id)].state)

    def waits(self) -> str:
        rooms = self._cabinet.db.execute("SELECT drop_id FROM drops WHERE ended = 0").fetchall()
        return f"the line of {rooms[0][0]} is still there" if rooms else ""

    def look(self) -> None:
        """Nobody waits any longer, and with each admission one order at the most has come to something."""
        if tickets := self._cabinet.db.execute("SELECT ticket FROM drop_tickets").fetchall():
            self._verdict.fail(f"{tickets[0][0]} is kept, and its drop is over")
        for good in (*DROPPED, LAST_DROPPED):
            if (drop := self._drop_now(good.stock_id)) is not None:
                self._verdict.fail(f"{drop.drop_id} goes on, and nobody attends to it")
        used: dict[tuple[str, str, int], str] = {}
        for order_id, purchase in self._purchases.items():
            stream = self._audit.streams.get(order_id)
            if stream is None or not isinstance(stream.state, PaidOrder):
                continue
            other = used.setdefault(purchase.admission[:3], order_id)
            if other != order_id:
                self._verdict.fail(f"{other} and {order_id} were both bought with {purchase.admission}")

    async def _staff(self, command: Command) -> None:
        await self._door.ask("usr_staff", command)


def place_by_lot(number: int, seed: str, joined: int) -> int:
    """As docs/drops.md has it."""

    def lot(ticket: int) -> bytes:
        return sha256(f"{seed}:{joined}:{ticket}".encode()).digest()

    return number if number > joined else 1 + sum(lot(other) < lot(number) for other in range(1, joined + 1))
