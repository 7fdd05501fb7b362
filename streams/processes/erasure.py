"""How a person is erased, and the process that finishes what was interrupted.

The event comes first, so that whoever finds it knows what is left to do; the sessions end last, so that the same
request, repeated, is still let in. Every step may be done twice.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Collection, Sequence

import structlog

from commands.context import Context, system_context
from commands.engine import Engine
from commands.errors import UnreadableStream, WritePathError
from commands.mapper import recorded_or_unreadable
from commands.outage import Outage
from commands.pausing import pause
from commands.vault import Vault
from domain.buyers.account import AccountErased, AccountRegistered, EraseAccount
from domain.buyers.emailchange import EmailChangeAsked, EmailChanged
from domain.buyers.wishlist import ClearWishlist, wishlist_of
from domain.claim import ReleaseClaim
from domain.recorded import Recorded
from projections.erasures.projector import ERASED_ROWS
from projections.views import LISTED_MAX, Place, Touched, Views
from streams.processes.lastorders import call_off

GRACE_S = 5.0
"""How long whoever began an erasure is left alone with it."""
CLAIMING = (AccountRegistered, EmailChangeAsked, EmailChanged)
"""Events that name a claim on an e-mail address, which the account has or may have taken."""

log = structlog.get_logger("erasure")


async def erase(engine: Engine, vault: Vault, account_id: str, context: Context) -> int:
    """The position at which nothing of the person is left. Raises NotFound for an account that never was."""
    position = (await engine.submit(EraseAccount(account_id), context)).position
    await asyncio.to_thread(vault.destroy_key, account_id)
    await asyncio.to_thread(vault.drop_credentials, account_id)
    # From the events, because the state of an erased account has forgotten even the claims.
    events = [recorded_or_unreadable(row).event for row in await engine.log.read_stream(account_id)]
    for claim in dict.fromkeys(one.email_claim for one in events if isinstance(one, CLAIMING)):
        position = max(position, (await engine.submit(ReleaseClaim(claim, account_id), context)).position)
    position = max(position, await call_off(engine, account_id, context))
    position = max(position, (await engine.submit(ClearWishlist(wishlist_of(account_id)), context)).position)
    await asyncio.to_thread(vault.revoke_account, account_id)
    return position


class ErasureProcess:
    """Looks at every erased account once at the start, which also finds those that a backup of the vault brought back,
    and at each one that is erased from then on."""

    def __init__(self, engine: Engine, views: Views, vault: Vault) -> None:
        self._engine = engine
        self._views = views
        self._vault = vault
        self._heard: set[str] = set()
        self._closing = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._outage = Outage(log, "erasures_wait", "erasures_go_on")

    async def start(self) -> None:
        self._task = asyncio.create_task(self._run(await self._earlier()), name="erasure")

    async def close(self) -> None:
        self._closing.set()
        if self._task is not None:
            await self._task

    def applied(self, events: Sequence[Recorded], touched: Touched) -> None:
        """The follower's listener."""
        self._heard.update(event.stream for event in events if type(event.event) is AccountErased)

    async def _earlier(self) -> set[str]:
        found: set[str] = set()
        place: Place | None = None
        while some := await self._views.listed(ERASED_ROWS.name, "all", "", limit=LISTED_MAX, after=place):
            found.update(key for key, _ in some)
            place = Place(some[-1].row.at, some[-1].key)
        return found

    async def _run(self, due: set[str]) -> None:
        while not self._closing.is_set():
            if due:
                await self._finish(due)
            due, self._heard = self._heard, set()
            await pause(self._closing, GRACE_S)

    async def _finish(self, account_ids: Collection[str]) -> None:
        try:
            for account_id in await asyncio.to_thread(self._vault.left_of, account_ids):
                log.warning("erasure_was_interrupted", account=account_id, action="finishing it")
                await self._erase(account_id)
            self._outage.ended()
            return
        except (WritePathError, sqlite3.OperationalError) as error:
            self._outage.met(error)
        except Exception:
            log.exception("erasure_failed")
        self._heard.update(account_ids)  # and once more

    async def _erase(self, account_id: str) -> None:
        """One that cannot be read is left to the next start, and keeps no others waiting."""
        try:
            await erase(self._engine, self._vault, account_id, system_context("erasure", self._engine.clock()))
        except UnreadableStream as error:
            log.error("erasure_impossible", account=account_id, reason=str(error))
