"""``kontor user``: the first administrator has nobody to ask, nor has whoever gets no letters."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from getpass import getpass

from commands.context import system_context
from domain.errors import DomainError
from kontor import console
from kontor.loop import run
from kontor.settings import Settings
from kontor.wiring.desk import Desk, desk, require_there
from writeapi.accounts.registration import register
from writeapi.accounts.renewal import set_anew
from writeapi.accounts.scopes import give, take_away
from writeapi.accounts.secondfactor import remove_lost


def run_create(email: str, password: str | None, scope: str, settings: Settings) -> None:
    """Without a password it is asked for, or read from the first line of standard input."""
    run(_create(email, password_typed() if password is None else password, scope, settings))


def run_password(email: str, password: str | None, settings: Settings) -> None:
    """As ``run_create``."""
    run(_set_password(email, password_typed() if password is None else password, settings))


def run_grant(email: str, scope: str, settings: Settings) -> None:
    run(_grant(email, scope, settings))


def run_revoke(email: str, scope: str, forced: bool, settings: Settings) -> None:
    run(_revoke(email, scope, forced, settings))


def run_drop_factor(email: str, settings: Settings) -> None:
    run(_drop_factor(email, settings))


def password_typed() -> str:
    """Ends with exit code 2 where there is none, or the two are not the same."""
    if not sys.stdin.isatty():
        line = sys.stdin.readline().rstrip("\r\n")
        return line or console.fail("give the password as a line of standard input, or with --password", 2)
    password = getpass("Password (8 to 200 characters): ")
    if getpass("Once more: ") != password:
        console.fail("these were two passwords", 2)
    return password


@asynccontextmanager
async def _desk(settings: Settings) -> AsyncIterator[Desk]:
    """A desk at which a refusal ends the command with its reason."""
    async with desk(settings) as at:
        try:
            yield at
        except DomainError as refusal:
            console.fail(refusal.detail)


async def _create(email: str, password: str, scope: str, settings: Settings) -> None:
    async with _desk(settings) as at:
        account_id = await register(
            at.engine,
            at.vault,
            email,
            password,
            email.partition("@")[0],
            context=system_context("cli", at.clock()),
            scopes=scopes_of(scope),
        )
    console.out.print(f"{account_id} created: {email}, scope {scope}", markup=False)


async def _set_password(email: str, password: str, settings: Settings) -> None:
    require_there(settings)
    async with _desk(settings) as at:
        account_id = await set_anew(at.engine, at.vault, email, password, system_context("cli", at.clock()))
    console.out.print(f"{account_id} has a new password, and is signed out everywhere", markup=False)


async def _grant(email: str, scope: str, settings: Settings) -> None:
    require_there(settings)
    async with _desk(settings) as at:
        account_id = await give(at.engine, at.vault, email, scope, system_context("cli", at.clock()))
    console.out.print(f"{account_id} has the scope {scope}", markup=False)


async def _revoke(email: str, scope: str, forced: bool, settings: Settings) -> None:
    require_there(settings)
    async with _desk(settings) as at:
        context = system_context("cli", at.clock())
        account_id = await take_away(at.engine, at.vault, email, scope, context, forced=forced)
    console.out.print(f"{account_id} has not the scope {scope} any more, and is signed out everywhere", markup=False)


async def _drop_factor(email: str, settings: Settings) -> None:
    require_there(settings)
    async with _desk(settings) as at:
        account_id = await remove_lost(at.engine, at.vault, email, system_context("cli", at.clock()))
    console.out.print(f"{account_id} has no second factor any more: the password alone signs in", markup=False)


def scopes_of(scope: str) -> tuple[str, ...]:
    """Everybody may also buy."""
    return ("customer",) if scope == "customer" else ("customer", scope)
