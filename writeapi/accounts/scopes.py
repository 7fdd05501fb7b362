"""Scopes given and taken away by whoever runs the marketplace: ``kontor user grant`` and ``kontor user revoke``.

account_with       whose e-mail address it is
give, take_away    and what both see to
leave_another      of administrators who go, by whatever way
"""

from __future__ import annotations

import asyncio
import random

from commands.context import Context
from commands.engine import Engine
from commands.mapper import recorded_or_unreadable
from commands.vault import Vault
from domain.buyers.account import AccountRegistered, ActiveAccount, GrantScope, RevokeScope, ScopeGranted
from domain.buyers.scopes import RelyOn
from domain.claim import Claim
from domain.errors import IllegalTransition, NotFound, VersionMismatch
from domain.ids import claim_id
from domain.stored.codec import TOPICS
from writeapi.accounts.registration import email_of

ADMIN = "admin"
READ_PAGE = 5_000
TRIES, PAUSE_S = 5, 0.05
_GIVING = frozenset((TOPICS[AccountRegistered], TOPICS[ScopeGranted]))


async def account_with(engine: Engine, vault: Vault, email: str) -> str:
    """The account's id. Raises NotFound for an address that nobody has, and Invalid for what is none."""
    claim = await engine.state(claim_id("email", vault.email_lookup(email_of(email))))
    account_id = claim.owner if isinstance(claim, Claim) else ""
    if not account_id or not isinstance(await engine.state(account_id), ActiveAccount):
        raise NotFound("nobody has this e-mail address")
    return account_id


async def give(engine: Engine, vault: Vault, email: str, scope: str, context: Context) -> str:
    """The account's id. A token has the scope when it is refreshed. Raises NotFound and Invalid."""
    account_id = await account_with(engine, vault, email)
    await engine.submit(GrantScope(account_id, scope, again=True), context)
    return account_id


async def take_away(
    engine: Engine, vault: Vault, email: str, scope: str, context: Context, *, forced: bool = False
) -> str:
    """The account's id. Ends all its sessions, so that every token with the scope is refused within moments
    (``REVOCATION_CHECK_SECONDS``) by every process.

    The event comes first: a sign-in either sees it or has made its session by then, which ends here. Repeated it ends
    the sessions once more, for a crash in between. Raises NotFound, Invalid, and IllegalTransition for the last
    administrator unless ``forced``.
    """
    account_id = await account_with(engine, vault, email)
    if scope == ADMIN and not forced:
        await leave_another(engine, account_id, context, or_else=", or use --force")
    else:
        await engine.submit(RevokeScope(account_id, scope), context)
    await asyncio.to_thread(vault.revoke_account, account_id)
    return account_id


async def leave_another(engine: Engine, account_id: str, context: Context, *, or_else: str = "") -> None:
    """Takes ``admin`` from an account, if it has that, while another one keeps it. Raises IllegalTransition where there
    is no other, with what else could be done.

    The other account is written to, and this one may not have been since it was looked at. So of two that rely on each
    other in one moment, or of any number in a circle, one at least finds its own account moved on and looks again.
    """
    for attempt in range(TRIES):
        await asyncio.sleep(random.random() * PAUSE_S * attempt)  # two that wait alike would meet again
        known = await engine.load(account_id)
        if not isinstance(known.state, ActiveAccount) or ADMIN not in known.state.scopes:
            return
        other = await _another_administrator(engine, account_id)
        if other is None:
            raise IllegalTransition(f"nobody else is an administrator; make another one first{or_else}")
        try:
            await engine.submit(RelyOn(other, ADMIN), context)
            await engine.submit(RevokeScope(account_id, ADMIN), context, expected_version=known.version)
        except (VersionMismatch, IllegalTransition):
            continue
        return
    raise IllegalTransition("administrators are being changed in this moment; nothing was taken, so try again")


async def _another_administrator(engine: Engine, account_id: str) -> str | None:
    """Somebody but this one who is. Reads the log from its beginning, near which the first ones are, until one is
    found who still is."""
    position, asked = 0, {account_id}
    while rows := await engine.log.read(position, READ_PAGE):
        for row in rows:
            if row.topic not in _GIVING or row.stream in asked:
                continue
            match recorded_or_unreadable(row).event:
                case AccountRegistered(scopes=scopes) if ADMIN in scopes:
                    pass
                case ScopeGranted(scope=scope) if scope == ADMIN:
                    pass
                case _:
                    continue
            asked.add(row.stream)
            account = await engine.state(row.stream)
            if isinstance(account, ActiveAccount) and ADMIN in account.scopes:
                return row.stream
        position = rows[-1].position
    return None
