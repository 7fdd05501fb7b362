"""Scopes as an operator gives and takes them."""

from __future__ import annotations

from commands.context import Context, system_context
from tests.writeapi.conftest import House
from writeapi.accounts import scopes


def by(house: House) -> Context:
    return system_context("cli", house.clock())


async def take(house: House, who: dict[str, str], scope: str, *, forced: bool = False) -> str:
    return await scopes.take_away(house.engine, house.vault, who["email"], scope, by(house), forced=forced)


async def give(house: House, who: dict[str, str], scope: str) -> str:
    return await scopes.give(house.engine, house.vault, who["email"], scope, by(house))
