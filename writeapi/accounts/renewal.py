"""Passwords that are set anew: by a letter's link, or by whoever runs the shop; and that their owner hears of it.

renew            for the route: a token of a letter and a new password
set_anew         for the command line: an e-mail address and a new password
note_change      what follows every change of a password
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import NamedTuple

import structlog

from commands import linktokens
from commands.context import Context
from commands.engine import Engine
from commands.errors import WritePathError
from commands.vault import Vault
from domain.buyers.account import ActiveAccount, NotePasswordChange
from domain.buyers.reset import VALID_MS
from domain.errors import DomainError, Invalid
from writeapi.accounts.passwords import hashing
from writeapi.accounts.registration import email_of, require_password
from writeapi.accounts.scopes import account_with

VOID = (
    f"this link does not work any more: it works once, for {VALID_MS // 60_000} minutes, and until the password is "
    "changed; ask for a new one"
)

log = structlog.get_logger("accounts")


class LinkVoid(Invalid):
    """One answer for every token that sets nothing: never made here, used, too old, or of another password since."""

    def __init__(self, detail: str = VOID) -> None:
        super().__init__(detail, "/token")


class Renewed(NamedTuple):
    account_id: str
    email_claim: str


async def renew(engine: Engine, vault: Vault, token: str, new: str, context: Callable[[str], Context]) -> Renewed:
    """Sets ``new`` for whom the token names, and ends all their sessions. ``context``: of the account that does so.

    Raises LinkVoid, and Invalid for a password that this person may not choose.
    """
    named = linktokens.read(linktokens.PASSWORD, token)
    if named is None or engine.clock() > named.asked_at + VALID_MS:
        raise LinkVoid
    account = await engine.state(named.account_id)
    if not isinstance(account, ActiveAccount):
        raise LinkVoid
    claim = account.email_claim
    if not await asyncio.to_thread(vault.link_holds, linktokens.PASSWORD, named, claim):
        raise LinkVoid  # before anything is told of the account, and before anything slow is done
    profile = vault.open(named.account_id, account.profile) or {}
    require_password(new, profile.get("email", ""), "/newPassword")
    if not await hashing(lambda: vault.reset_password(named, claim, new)):
        raise LinkVoid
    await note_change(engine, context(named.account_id), named.account_id, letter_to=claim)
    return Renewed(named.account_id, claim)


async def set_anew(engine: Engine, vault: Vault, email: str, new: str, context: Context) -> str:
    """The account's id. Ends all its sessions. Raises NotFound for an address that nobody has, and Invalid."""
    email = email_of(email)
    require_password(new, email)
    account_id = await account_with(engine, vault, email)
    await hashing(lambda: vault.set_password(account_id, new))
    await asyncio.to_thread(vault.revoke_account, account_id)
    await note_change(engine, context, account_id)
    return account_id


async def note_change(engine: Engine, context: Context, account_id: str, letter_to: str = "") -> None:
    """So that a letter tells the owner; where one to ``letter_to``, the claim on an address, had brought a link, that
    address is confirmed by it. The password holds already, so whatever keeps the log from taking this is told to
    whoever runs the shop, and not to who asked."""
    try:
        await engine.submit(NotePasswordChange(account_id, letter_to), context)
    except (WritePathError, DomainError) as error:
        log.warning("password_change_not_noted", account=account_id, reason=type(error).__name__)
