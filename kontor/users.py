"""``kontor user create``: the first administrator has nobody to ask."""

from __future__ import annotations

from commands.context import system_context
from domain.errors import DomainError
from kontor import console
from kontor.desk import desk
from kontor.running import run
from kontor.settings import Settings
from writeapi.registration import register


def run_create(email: str, password: str, scope: str, settings: Settings) -> None:
    run(_create(email, password, scope, settings))


async def _create(email: str, password: str, scope: str, settings: Settings) -> None:
    async with desk(settings) as at:
        try:
            account_id = await register(
                at.engine,
                at.vault,
                email,
                password,
                email.partition("@")[0],
                context=system_context("cli", at.clock()),
                scopes=scopes_of(scope),
            )
        except DomainError as refusal:
            console.fail(refusal.detail)
    console.out.print(f"{account_id} created: {email}, scope {scope}", markup=False)


def scopes_of(scope: str) -> tuple[str, ...]:
    """Everybody may also buy."""
    return ("customer",) if scope == "customer" else ("customer", scope)
