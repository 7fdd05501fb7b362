"""How an account's e-mail address is confirmed: a letter is asked for, and its link says that the owner got it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from commands import linktokens
from commands.context import Context
from commands.engine import Engine
from commands.vault import Vault
from domain.buyers.account import ActiveAccount
from domain.buyers.confirmation import VALID_MS, AskConfirmation, ConfirmEmail
from domain.errors import IllegalTransition
from writeapi.accounts.renewal import LinkVoid

DAYS = VALID_MS // 86_400_000
VOID = (
    f"this link does not work any more: it works for {DAYS} days, and until the password or the e-mail address is "
    "changed; sign in and have another letter sent from your account"
)


async def ask(engine: Engine, account_id: str, context: Context) -> int:
    """The position at which it is asked for. Raises IllegalTransition where the address is confirmed already."""
    return (await engine.submit(AskConfirmation(account_id, context.at), context)).position


async def confirm(engine: Engine, vault: Vault, token: str, context_of: Callable[[str], Context]) -> None:
    """Does nothing where the address is confirmed already. Raises LinkVoid."""
    named = linktokens.read(linktokens.CONFIRMATION, token)
    if named is None or engine.clock() > named.asked_at + VALID_MS:
        raise LinkVoid(VOID)
    account = await engine.state(named.account_id)
    if not isinstance(account, ActiveAccount):
        raise LinkVoid(VOID)
    claim = account.email_claim
    if not await asyncio.to_thread(vault.link_holds, linktokens.CONFIRMATION, named, claim):
        raise LinkVoid(VOID)
    try:
        await engine.submit(ConfirmEmail(named.account_id, claim), context_of(named.account_id))
    except IllegalTransition:
        raise LinkVoid(VOID) from None  # changed or erased in this moment
