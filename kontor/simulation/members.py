"""People with accounts: they register, tell something of themselves, wish for things, and have themselves erased.

They go through what the routes go through, in a process that may be killed in the middle of it. Some ask again, some
leave it at that. The same e-mail address comes back with another account.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from random import Random
from typing import Any

from commands.context import Context, new_command_id
from commands.errors import Overloaded, StorageUnavailable
from domain.buyers.account import AddAddress, Address, ErasedAccount
from domain.buyers.wishlist import WishItem, wishlist_of
from domain.errors import DomainError
from domain.ids import new_id
from kontor.simulation.audit import Audit
from kontor.simulation.cabinet import Cabinet
from kontor.simulation.door import Door
from kontor.simulation.goods import GOODS
from kontor.simulation.process import Gone, Process
from kontor.simulation.violation import Verdict
from streams.processes.erasure import erase
from writeapi.accounts.registration import applicant_of, open_account

THINKING_S = 0.8
PASSWORD = "correct horse"
PERSISTENT = 0.6
"""Of those whose erasure came to no end that they heard of: they ask once more."""


class Members:
    def __init__(self, door: Door, cabinet: Cabinet, audit: Audit, chance: Random, verdict: Verdict) -> None:
        self.calm = False
        self.emails: dict[str, str] = {}
        """By account, of everybody who was told that they are registered and has signed in."""
        self._door = door
        self._cabinet = cabinet
        self._audit = audit
        self._chance = chance
        self._verdict = verdict
        self._copied: set[str] = set()
        self._lost: set[str] = set()
        """Accounts that an older copy of the vault knows nothing of."""
        self._careless: set[str] = set()
        """Whose last wish was never answered; it may come after their end."""
        self._tasks: list[asyncio.Task[None]] = []

    def come(self) -> None:
        self._tasks = [asyncio.ensure_future(self._live(number)) for number in range(2)]

    async def go(self) -> None:
        self.calm = True
        await asyncio.gather(*self._tasks)

    def copy_vault(self) -> None:
        self._cabinet.copy()
        self._copied = set(self.emails)

    def put_vault_back(self) -> bool:
        """As it was when it was copied. No process may be up."""
        there = self._cabinet.put_back()
        if there:
            self._lost |= self.emails.keys() - self._copied
        return there

    # lives

    async def _live(self, number: int) -> None:
        account_id = ""
        while not self.calm:
            await asyncio.sleep(self._chance.expovariate(1 / THINKING_S))
            with suppress(Gone, StorageUnavailable, Overloaded):
                if not account_id:
                    account_id = await self._register(f"member-{number}-{self._chance.randrange(3)}@example.org")
                elif await self._do_something(account_id):
                    account_id = ""

    async def _register(self, email: str) -> str:
        """The account, signed in; empty when the address cannot be used now."""
        process = self._door.any()

        async def register() -> str:
            applicant, context = applicant_of(email, PASSWORD, "Ada"), self._context(process, "anonymous")
            account_id = (await open_account(process.engine, process.vault, applicant, context)).stream
            await asyncio.to_thread(process.vault.issue_family, account_id, "")
            self.emails[account_id] = email
            return account_id

        with suppress(DomainError):
            return await process.ask(register)
        return ""

    async def _do_something(self, account_id: str) -> bool:
        """Whether that was the end of it."""
        draw = self._chance.random()
        if draw < 0.4:
            good = self._chance.choice(GOODS)
            wish = WishItem(wishlist_of(account_id), good.sku, f"prd_{good.sku}", self._door.any().clock())
            self._careless.add(account_id)
            if await self._door.ask(account_id, wish):
                self._careless.discard(account_id)
        elif draw < 0.7:
            await self._put_address(account_id)
        else:
            return await self._erase(account_id)
        return False

    async def _put_address(self, account_id: str) -> None:
        process = self._door.any()

        async def seal() -> bytes:
            return process.vault.seal(account_id, {"street": "1 Main St"})

        if account_id not in self._lost:
            sealed, address_id = await process.ask(seal), new_id("address", process.clock(), self._chance.randbytes(10))
            await self._door.ask(account_id, AddAddress(account_id, Address(address_id, sealed, "US", "CA")))

    async def _erase(self, account_id: str) -> bool:
        while True:
            process = self._door.any()
            try:
                await process.ask(self._erasure(process, account_id))
            except (Gone, StorageUnavailable, Overloaded):
                if self._chance.random() > PERSISTENT:
                    return True
                await asyncio.sleep(self._chance.random())
                continue
            return True

    def _erasure(self, process: Process, account_id: str) -> Callable[[], Any]:
        async def work() -> None:
            await erase(process.engine, process.vault, account_id, self._context(process, account_id))
            if self._cabinet.left_of(account_id):
                self._verdict.fail(f"{account_id} is told to be erased, and is not")

        return work

    def _context(self, process: Process, actor: str) -> Context:
        return Context(actor, new_command_id(), process.clock(), "")

    # the end

    def waits(self) -> str:
        """For what; empty when nobody is left who is to be forgotten."""
        left = [one for one in self._erased() if self._cabinet.left_of(one)]
        return f"something is left of {left[0]}" if left else ""

    def are_forgotten_or_known(self, process: Process) -> None:
        """Of everybody who was erased nothing is left, and everybody else is who they were.

        What is in the log besides the account is looked for by what the vault has; so of those whom an older copy of
        it never knew their wishes may stay, which name nobody, and their address, which anybody may take over.
        """
        erased, streams = set(self._erased()), self._audit.streams
        excused = self._lost | self._careless
        for account_id in sorted(erased):
            if process.vault.open(account_id, self._audit.profiles[account_id]) is not None:
                self._verdict.fail(f"{process.name} can read who the erased {account_id} was")
            wishes = streams.get(wishlist_of(account_id))
            if wishes is not None and wishes.state.items and account_id not in excused:
                self._verdict.fail(f"the erased {account_id} still wishes for something")
        for name, stream in streams.items():
            if name.startswith("clm_email.") and stream.state.owner in erased - self._lost:
                self._verdict.fail(f"{name} still belongs to the erased {stream.state.owner}")
        for account_id, email in self.emails.items():
            if account_id in erased or account_id in self._lost:
                continue
            known = process.vault.open(account_id, self._audit.profiles[account_id])
            if known != {"name": "Ada", "email": email}:
                self._verdict.fail(f"{account_id} was never erased, and {process.name} knows {known} of them")
            if not process.vault.check_password(account_id, PASSWORD):
                self._verdict.fail(f"{account_id} was never erased, and cannot sign in at {process.name}")

    def _erased(self) -> list[str]:
        return [name for name in self._audit.profiles if isinstance(self._audit.streams[name].state, ErasedAccount)]
