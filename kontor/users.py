"""``kontor user create``: the first administrator has nobody to ask."""

from __future__ import annotations

from commands.context import system_context
from commands.engine import Engine, now_ms
from commands.store.sqlite import SQLiteLog
from commands.vault import Vault
from domain.errors import DomainError
from kontor import console
from kontor.folder import DataFolder
from kontor.running import run
from kontor.settings import Settings
from writeapi.registration import register


def run_create(email: str, password: str, scope: str, settings: Settings) -> None:
    run(_create(email, password, scope, settings))


async def _create(email: str, password: str, scope: str, settings: Settings) -> None:
    folder = DataFolder(settings.data)
    folder.prepare()
    log = SQLiteLog.open(folder.log)
    vault = Vault(folder.vault)
    engine = Engine(log)
    await engine.start()
    try:
        account_id = await register(
            engine,
            vault,
            email,
            password,
            email.partition("@")[0],
            context=system_context("cli", now_ms()),
            scopes=scopes_of(scope),
        )
        console.out.print(f"{account_id} created: {email}, scope {scope}", markup=False)
    except DomainError as refusal:
        console.fail(refusal.detail)
    finally:
        await engine.close()
        vault.close()
        await log.close()


def scopes_of(scope: str) -> tuple[str, ...]:
    """Everybody may also buy."""
    return ("customer",) if scope == "customer" else ("customer", scope)
