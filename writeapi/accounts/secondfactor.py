"""A second factor: how its secret is shown, what its codes are counted by, and what a shop wants of administrators."""

from __future__ import annotations

import asyncio
from typing import NamedTuple

import structlog

from commands.context import Context
from commands.engine import Engine
from commands.errors import WritePathError
from commands.vault import Vault
from domain.buyers.account import ActiveAccount
from domain.buyers.secondfactor import NoteRecoveryCodes, NoteSecondFactor
from domain.errors import DomainError, IllegalTransition
from writeapi.accounts.scopes import ADMIN, account_with

log = structlog.get_logger("accounts")


class Rules(NamedTuple):
    issuer: str = "Kontor"
    """What authenticator apps call the shop."""
    of_administrators: bool = False
    """Whether administrators without one are none."""


class Shown(NamedTuple):
    """A secret, once."""

    uri: str
    svg: str
    """The URI as a QR code, dark on nothing, with a quiet zone of four modules."""


def shown(secret: str, email: str, issuer: str) -> Shown:
    import pyotp
    import segno

    uri = pyotp.TOTP(secret).provisioning_uri(name=email or None, issuer_name=issuer)
    code = segno.make(uri, error="m", micro=False)
    return Shown(uri, code.svg_inline(omitsize=True, border=4, svgclass=None, lineclass=None))


async def scopes_today(vault: Vault, account_id: str, account: ActiveAccount, rules: Rules) -> tuple[str, ...]:
    """What a token may say: where administrators need a second factor, one without is no administrator until it is
    there and the token is refreshed."""
    if not rules.of_administrators or ADMIN not in account.scopes:
        return account.scopes
    if await asyncio.to_thread(vault.factor_of, account_id) is not None:
        return account.scopes
    return tuple(scope for scope in account.scopes if scope != ADMIN)


async def remove_lost(engine: Engine, vault: Vault, email: str, context: Context) -> str:
    """The account's id, from which a second factor was taken without a code of it. Raises NotFound, Invalid, and
    IllegalTransition where there is none."""
    account_id = await account_with(engine, vault, email)
    if not await asyncio.to_thread(vault.drop_factor, account_id):
        raise IllegalTransition("this account has no second factor")
    await note(engine, NoteSecondFactor(account_id, there=False), context)
    return account_id


async def note(engine: Engine, command: NoteSecondFactor | NoteRecoveryCodes, context: Context) -> None:
    """So that a letter tells the owner. It holds already, so whatever keeps the log from taking this is told to
    whoever runs the shop, and not to who asked."""
    try:
        await engine.submit(command, context)
    except (WritePathError, DomainError) as error:
        log.warning("second_factor_not_noted", account=command.account_id, reason=type(error).__name__)
