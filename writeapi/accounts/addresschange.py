"""How an account comes to another e-mail address: asked for, confirmed by a letter's link, and then changed.

Each step may be the last one before a crash. The claim on the new address is taken before the account says that it has
it, and the old one let go of afterwards; a claim that an account holds without having or wanting the address is
anybody's (``registration.claim_email``).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from commands import linktokens
from commands.context import Context
from commands.engine import Engine
from commands.vault import PersonErased, Vault
from domain.buyers.account import ActiveAccount
from domain.buyers.emailchange import VALID_MS, AskEmailChange, ChangeEmail
from domain.claim import ReleaseClaim, TakeClaim
from domain.errors import IllegalTransition, Invalid, VersionMismatch
from domain.ids import claim_id
from writeapi.accounts.registration import Taken, claim_email, require_free
from writeapi.accounts.renewal import LinkVoid

TRIES = 3
"""Something else of the account may change in the same moment."""
VOID = (
    f"this link does not work any more: it works for {VALID_MS // 60_000} minutes, until the password is changed and "
    "until another address is asked for; ask anew"
)


async def ask(engine: Engine, vault: Vault, account_id: str, email: str, context: Context) -> int:
    """The position at which it is asked for. ``email`` as ``email_of`` gives it. Raises Taken, Invalid and what the
    account refuses."""
    claim = claim_id("email", vault.email_lookup(email))
    await require_free(engine, claim, account_id, context.at)
    try:
        sealed = vault.seal(account_id, {"email": email})
    except PersonErased:
        raise IllegalTransition("this account was erased") from None
    return (await engine.submit(AskEmailChange(account_id, claim, sealed, context.at), context)).position


async def confirm(engine: Engine, vault: Vault, token: str, context_of: Callable[[str], Context]) -> None:
    """Gives the account of the token the address that its letter went to; does nothing if it has it already.

    Raises LinkVoid, and Invalid when somebody else has the address by now.
    """
    named = linktokens.read(linktokens.EMAIL, token)
    if named is None or engine.clock() > named.asked_at + VALID_MS:
        raise void()
    account = await engine.state(named.account_id)
    if not isinstance(account, ActiveAccount):
        raise void()
    asked = account.email_change
    if asked is None or not await _holds(vault, named, asked.email_claim):
        if await _holds(vault, named, account.email_claim):
            return  # the answer to an earlier try was lost
        raise void()
    context = context_of(named.account_id)
    try:
        await claim_email(engine, TakeClaim(asked.email_claim, named.account_id, "/token", "e-mail address"), context)
    except Taken:
        raise Invalid("somebody else has this address by now", "/token") from None
    await _change(engine, vault, named.account_id, asked.email_claim, context)
    await engine.submit(ReleaseClaim(account.email_claim, named.account_id), context)


def void() -> LinkVoid:
    return LinkVoid(VOID)


async def _holds(vault: Vault, named: linktokens.LinkToken, email_claim: str) -> bool:
    return await asyncio.to_thread(vault.link_holds, linktokens.EMAIL, named, email_claim)


async def _change(engine: Engine, vault: Vault, account_id: str, email_claim: str, context: Context) -> None:
    """With the name that the account has when it changes. Raises LinkVoid if it wants something else by now."""
    for tried in range(1, TRIES + 1):
        known = await engine.load(account_id)
        account = known.state
        asked = account.email_change if isinstance(account, ActiveAccount) else None
        if not isinstance(account, ActiveAccount) or asked is None or asked.email_claim != email_claim:
            raise void()
        opened = vault.open(account_id, asked.sealed)
        if opened is None:
            raise void()
        profile = vault.open(account_id, account.profile) or {}
        try:
            sealed = vault.seal(account_id, {**profile, "email": opened["email"]})
            was = vault.seal(account_id, {"email": profile.get("email", "")})
            command = ChangeEmail(account_id, email_claim, sealed, was)
            await engine.submit(command, context, expected_version=known.version)
        except PersonErased:
            raise void() from None
        except VersionMismatch:
            if tried == TRIES:
                raise
        else:
            return
