"""How a person is erased: the account ends, then everything that could still be read or used goes.

The event comes first, so that a repeated request finds the erasure begun and finishes it; the sessions end last, so
that the repetition is still let in. Every step may be done twice.
"""

from __future__ import annotations

import asyncio

from commands.context import Context
from commands.engine import Engine
from commands.mapper import recorded
from commands.vault import Vault
from domain.account import AccountRegistered, EraseAccount
from domain.claim import ReleaseClaim


async def erase(engine: Engine, vault: Vault, account_id: str, context: Context) -> int:
    """The position at which nothing of the person is left. Raises NotFound for an account that never was."""
    position = (await engine.submit(EraseAccount(account_id), context)).position
    await asyncio.to_thread(vault.destroy_key, account_id)
    await asyncio.to_thread(vault.drop_credentials, account_id)
    for row in await engine.log.read_stream(account_id):
        # From the event, because the state of an erased account has forgotten even the claim.
        event = recorded(row).event
        if isinstance(event, AccountRegistered):
            position = (await engine.submit(ReleaseClaim(event.email_claim, account_id), context)).position
            break
    await asyncio.to_thread(vault.revoke_account, account_id)
    return position
