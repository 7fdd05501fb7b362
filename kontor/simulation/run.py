"""One seed: a shop opens, people trade, everything goes wrong; then nothing more does, and the account is settled."""

from __future__ import annotations

import asyncio
import tempfile
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

import msgspec

from commands.errors import StorageUnavailable
from commands.mapper import recorded
from domain.checkout.saga import is_settled
from kontor.simulation import ending, money
from kontor.simulation.audit import Audit
from kontor.simulation.banks import Banks
from kontor.simulation.cabinet import Cabinet
from kontor.simulation.catalog import Shopkeepers
from kontor.simulation.chance import bugs_are_told, nothing_from_outside, source
from kontor.simulation.crowd import Crowd
from kontor.simulation.door import Door, Journal
from kontor.simulation.index import Index
from kontor.simulation.letters import Letters
from kontor.simulation.looks import Looks, views_are_the_fold_so_far
from kontor.simulation.loop import SimulatedLoop, Stuck
from kontor.simulation.members import Members
from kontor.simulation.nights import Nights
from kontor.simulation.others import Others
from kontor.simulation.outside import Receivers
from kontor.simulation.people import People
from kontor.simulation.postoffice import PostOffice
from kontor.simulation.process import Gone, Process, Surroundings
from kontor.simulation.provider import Provider
from kontor.simulation.store import Disk, Faults
from kontor.simulation.subscribers import Subscribers
from kontor.simulation.topic import Feeding
from kontor.simulation.violation import Verdict, Violation

STEPS = (500, 500, 500, 1_000, 1_000, 2_000, 4_000)
"""After which nothing goes wrong any more; each seed draws. Many short lives find more than few long ones: what it is
worth to try differs at their beginnings, and a history of thousands of steps only repeats itself."""
LAST = 30
"""Things that happened, told of a seed that fails."""
RUNNING_S = 1.5
"""Between two kills, on average."""
NIGHT_S = 4.0
"""Between two rounds of reconciling while there is trouble, on average."""
SETTLING_S = 400.0
QUIET_S = 2.0
TOPIC = "topic", 0.4
"""Of the seeds, those that fill a second set of views by way of a topic."""
CATALOG = "catalog", 0.15
"""Of the seeds, those with a catalog and a search index."""
ACCOUNTS = "accounts", 0.2
"""Those in which people have accounts, and leave."""
WEBHOOKS = "webhooks", 0.12
"""Those in which others are subscribed to what happens."""
LETTERS = "letters", 0.12
"""Those in which buyers get letters about their orders."""
DROPS = "drops", 0.12
"""Those in which people stand in line for goods of which there are few."""
AWHILE_MS = 15 * 60_000
"""By so much the clocks go forward in the end: longer than holds, grace, reviews and late captures take."""


class Result(msgspec.Struct):
    """What one seed came to. ``digest`` is of every byte of the log and of all that happened beside it."""

    seed: int
    steps: int
    events: int
    orders: int
    disputes: int
    """That buyers' banks opened."""
    kills: int
    beside: dict[str, int]
    """Of what not every seed has: webhooks and letters that were taken, tickets that were told."""
    digest: str
    violation: str = ""
    last: list[str] = []
    """The last things that happened before the violation."""


class Clock:
    """What a process takes for the time: milliseconds since 1970, and wrong by some."""

    def __init__(self, loop: SimulatedLoop) -> None:
        self.skew = 0
        self.latest = 0
        """What it has ever shown to somebody."""
        self._loop = loop

    def __call__(self) -> int:
        now = self._loop.now_ms() + self.skew
        self.latest = max(self.latest, now)
        return now


def has(seed: int, part: str, share: float) -> bool:
    """Whether a seed is one of those that have this."""
    return source(seed, part).random() < share


def simulate(seed: int, steps: int | None = None) -> Result:
    """Runs one seed. The same seed and steps give the same result, whatever the machine and the day."""
    steps = steps or source(seed, "steps").choice(STEPS)
    with tempfile.TemporaryDirectory(prefix="kontor-simulation-") as folder:
        return Simulation(seed, steps, Path(folder)).run()


class Simulation:
    """One life of a marketplace as its seed decides it: processes, people, faults, and what was promised held against
    the log."""

    def __init__(self, seed: int, steps: int, folder: Path) -> None:
        self._seed = seed
        self._steps = steps
        self._chance = source(seed, "fate")
        self._loop = SimulatedLoop(source(seed, "order"))  # type: ignore[abstract]  # no sockets, files, signals here
        self._verdict = Verdict()
        self._told = sha256()
        self._last: deque[str] = deque(maxlen=LAST)
        self._kills = 0
        self._audit = Audit(self._verdict, self._tell)
        self._disk = Disk(self._audit.committed)
        self._faults = Faults(source(seed, "faults"), self._tell)
        now = self._loop.now_ms
        self._provider = Provider(self._faults, self._verdict, Banks(self._faults, source(seed, "banks"), now), now)
        self._journal = Journal(self._verdict)
        self._clocks = [Clock(self._loop) for _ in range(self._chance.choice((1, 1, 2)))]
        beside = self._surroundings()
        self._cabinet, self._index = beside.cabinet, beside.index
        world = self._disk, self._faults, self._provider
        self._processes = [
            Process(f"process {i}", *world, clock, folder / str(i), self._verdict, beside)
            for i, clock in enumerate(self._clocks, 1)
        ]
        self._door = Door(self._processes, self._journal, source(seed, "door"), self._verdict)
        self._people = People(self._door, source(seed, "people"), self._audit.orders)
        self._members: Members | None = None
        if self._cabinet is not None and self._has(*ACCOUNTS):
            chance = source(seed, "members")
            self._members = Members(self._door, self._cabinet, self._audit, chance, self._verdict)
        self._others = self._who_else(beside)
        self._audit.listeners += [one.heard for one in self._others]
        self._keepers: Shopkeepers | None = None
        if self._index is not None:
            self._keepers = Shopkeepers(self._door, self._index, source(seed, "shopkeepers"))
        self._nights = Nights(folder / "books.db", self._disk, self._audit, self._verdict)
        self._provider.deliver = self._call_back
        self._feeding: Feeding | None = None
        if self._has(*TOPIC):
            faults = Faults(source(seed, "broker"), self._tell)
            self._feeding = Feeding(self._disk, faults, source(seed, "workers"), self._verdict)
        seen = self._processes, self._feeding, self._disk, self._verdict
        self._looks = Looks(source(seed, "looks"), steps, lambda: views_are_the_fold_so_far(*seen))

    def _has(self, part: str, share: float) -> bool:
        return has(self._seed, part, share)

    def _surroundings(self) -> Surroundings:
        seed = self._seed
        index = Index(Faults(source(seed, "index"), self._tell)) if self._has(*CATALOG) else None
        receivers: Receivers | None = None
        if self._has(*WEBHOOKS):
            faults = Faults(source(seed, "network"), self._tell)
            receivers = Receivers(self._disk, faults, source(seed, "receivers"), self._loop.time, self._verdict)
        if not any(self._has(*part) for part in (ACCOUNTS, WEBHOOKS, LETTERS, DROPS)):
            return Surroundings(index=index)
        cabinet = Cabinet(Faults(source(seed, "vault"), self._tell))
        office: PostOffice | None = None
        if self._has(*LETTERS):
            faults = Faults(source(seed, "post"), self._tell)
            office = PostOffice(self._disk, cabinet, faults, self._loop.time, self._verdict)
        return Surroundings(cabinet, index, receivers, office, self._has(*DROPS))

    def _who_else(self, beside: Surroundings) -> list[Others]:
        others: list[Others] = []
        if beside.receivers is not None:
            chance = source(self._seed, "subscribers")
            others.append(Subscribers(self._door, beside.receivers, self._audit, chance))
        if beside.office is not None:
            chance = source(self._seed, "letters")
            others.append(Letters(self._door, self._people, beside.office, self._audit, chance))
        if beside.drops:
            assert beside.cabinet is not None, "lines lie in the vault"
            chance = source(self._seed, "crowd")
            others.append(Crowd(self._door, beside.cabinet, self._audit, self._latest, chance, self._verdict))
        return others

    def _latest(self) -> int:
        return max(clock.latest for clock in self._clocks)

    def run(self) -> Result:
        violation = ""
        self._loop.after_step = self._after_step
        self._loop.late_s = self._chance.choice((0.0, 0.2, 2.0))
        with nothing_from_outside(self._seed, self._loop), bugs_are_told(self._verdict):
            try:
                self._loop.run_until_complete(self._story())
            except (Violation, Stuck) as error:
                violation = str(self._verdict.first or error)
            for process in self._processes:
                process.fall_silent()
            self._loop.abandon()
        for process in self._processes:
            process.let_go()
        if self._cabinet is not None:
            self._cabinet.close()
        for row in self._disk.rows:
            self._told.update(repr(row).encode())
        return Result(
            self._seed,
            self._loop.steps,
            len(self._disk.rows),
            len(self._audit.orders),
            sum(map(len, self._provider.banks.disputes.values())),
            self._kills,
            dict(one.done for one in self._others),
            self._told.hexdigest(),
            violation,
            list(self._last) if violation else [],
        )

    def _after_step(self) -> None:
        self._verdict.look()
        self._looks.after(self._loop.steps)

    def _tell(self, what: str) -> None:
        line = f"step {self._loop.steps}, {self._loop.time():.3f} s: {what}"
        self._last.append(line)
        self._told.update(line.encode())

    async def _call_back(self, body: bytes) -> None:
        """A callback goes to whichever process is there. Raises when it was not taken."""
        process = self._door.any()

        async def receive() -> bool:
            return await process.payments.receive(body, {})

        self._tell(f"a callback for {process.name}")
        await process.ask(receive)

    # the story

    async def _story(self) -> None:
        for process in self._processes:
            await self._started(process)
        await self._begun()
        fates = [asyncio.ensure_future(self._fate(process)) for process in self._processes]
        others = [asyncio.ensure_future(self._clocks_jump()), asyncio.ensure_future(self._days_go_by())]
        feeding = asyncio.ensure_future(self._feeding.live()) if self._feeding is not None else None
        await asyncio.gather(*fates, *others)
        self._faults.calm, self._loop.late_s = True, 0.0
        if self._feeding is not None and feeding is not None:
            self._feeding.faults.calm = True
            await feeding
        if self._cabinet is not None:
            self._cabinet.faults.calm = True
        if self._index is not None:
            self._index.faults.calm = True
        self._tell("calm: nothing goes wrong from here on")
        await self._ended()
        await self._settled()
        await self._looked_at()

    async def _begun(self) -> None:
        await self._people.open()
        for others in self._others:
            await others.open()
        self._people.come(self._chance.randint(1, 4))
        for also in self._also():
            also.come()

    async def _ended(self) -> None:
        await self._people.go()
        for also in self._also():
            await also.go()

    def _also(self) -> Iterator[Members | Shopkeepers | Others]:
        """Who comes and goes beside those who buy and sell everywhere."""
        if self._members is not None:
            yield self._members
        if self._keepers is not None:
            yield self._keepers
        yield from self._others

    @property
    def _troubled(self) -> bool:
        return self._loop.steps < self._steps

    async def _started(self, process: Process) -> None:
        """Tried until it works, as whoever supervises a service does."""
        while not process.up:
            try:
                await process.start()
                self._tell(f"{process.name} starts")
            except StorageUnavailable:
                await process.kill(power_cut=False)
                await asyncio.sleep(0.1)

    async def _fate(self, process: Process) -> None:
        """Lives, killed between any two steps, and what comes after."""
        while self._troubled:
            await asyncio.sleep(self._chance.expovariate(1 / RUNNING_S))
            for _ in range(self._chance.randrange(12)):
                await asyncio.sleep(0)
            power_cut = self._chance.random() < 0.2
            self._tell(f"{process.name} is killed{', the power is cut' if power_cut else ''}")
            self._kills += 1
            await process.kill(power_cut=power_cut)
            if power_cut and self._index is not None:
                self._index.lose()
            await asyncio.sleep(self._chance.random() * 0.5)
            nobody = not any(one.up for one in self._processes)
            if self._members is not None and nobody and not self._others and self._members.put_vault_back():
                self._tell("the vault is put back to an older copy")
            await self._started(process)

    async def _clocks_jump(self) -> None:
        while self._troubled:
            await asyncio.sleep(self._chance.expovariate(1 / 3.0))
            clock = self._chance.choice(self._clocks)
            clock.skew += self._chance.choice((-5_000, -300, 300, 3_000, 700_000))
            self._tell(f"a clock is {clock.skew} ms ahead")

    async def _days_go_by(self) -> None:
        chance = source(self._seed, "nights")
        while self._troubled:
            await asyncio.sleep(chance.expovariate(1 / NIGHT_S))
            if self._members is not None:
                self._members.copy_vault()
            await self._nights.in_trouble(self._door.any())

    # the end

    async def _settled(self) -> None:
        """Every order comes to an end, the books are kept, the views are there. Violated if that takes too long."""
        until = self._loop.time() + SETTLING_S
        late = max(clock.skew for clock in self._clocks)
        for clock in self._clocks:
            clock.skew = late + AWHILE_MS
        await asyncio.sleep(1.0)
        for others in self._others:
            await others.rest()
        quiet_since, head = self._loop.time(), -1
        while True:
            with suppress(Gone, StorageUnavailable):
                await self._people.send_what_waits()
            waits = self._what_waits()
            if waits or head != len(self._disk.rows):
                quiet_since, head = self._loop.time(), len(self._disk.rows)
            elif self._loop.time() - quiet_since > QUIET_S:
                waits = await self._keepers.waits(self._door.any()) if self._keepers is not None else ""
                if not waits and await self._nights.at_rest(self._door.any()):
                    return
            if self._loop.time() > until:
                self._verdict.fail(f"not settled {SETTLING_S:.0f} s after the last fault: {waits or 'the log grows'}")
            await asyncio.sleep(0.5)

    def _what_waits(self) -> str:
        for order_id, state in self._audit.checkouts.items():
            if not is_settled(state):
                return f"{order_id} is {state.order}, its payment {state.payment.status}, its cart {state.cart}"
        for name, held in self._audit.held():
            return f"{held} of {name} are set aside"
        if self._feeding is not None and (waits := self._feeding.waits(len(self._disk.rows))):
            return waits
        if self._members is not None and (waits := self._members.waits()):
            return waits
        for others in self._others:
            if waits := others.waits():
                return waits
        behind = [process.name for process in self._processes if process.follower.position < len(self._disk.rows)]
        return f"the views of {behind[0]} are behind" if behind else ""

    async def _looked_at(self) -> None:
        ending.log_is_sound(self._disk, self._verdict)
        ending.every_answer_is_in_the_log_once(self._journal, self._audit, self._disk, self._verdict)
        money.is_where_the_log_says(self._provider, self._disk, self._verdict)
        money.is_where_the_books_say(self._provider, self._disk, self._verdict)
        ending.nothing_is_set_aside(self._audit, self._verdict)
        ending.promotions_are_used_as_often_as_counted(self._audit, self._verdict)
        ending.nobody_packs_what_is_paid_back(self._audit, self._verdict)
        ending.no_gift_card_waits(self._audit, self._verdict)
        for others in self._others:
            others.look()
        if self._feeding is not None:
            self._feeding.are_the_fold_of([recorded(row) for row in self._disk.rows], self._verdict)
        for process in self._processes:
            if self._members is not None:
                self._members.are_forgotten_or_known(process)
            await ending.views_are_the_fold_of_the_log(process, self._disk, self._verdict, len(self._disk.rows))
