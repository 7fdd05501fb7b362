"""Giving commands from the command line, in either profile: the log, the vault and an engine; nothing else is needed.

Services that run beside it follow the log, and see what was done as they see each other's.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Protocol

from commands.engine import Engine, now_ms
from commands.store.port import EventLog
from commands.vault import Vault
from kontor.folder import DataFolder
from kontor.settings import Settings, required
from kontor.wiring.logfiles import open_log, open_to_look


class Commanding(Protocol):
    """A desk, or a command service."""

    @property
    def engine(self) -> Engine: ...
    @property
    def vault(self) -> Vault: ...
    @property
    def clock(self) -> Callable[[], int]:
        """Milliseconds since 1970."""

    @property
    def backlog(self) -> int:
        """Products that search, where this process fills it, is behind."""


@dataclass(frozen=True, slots=True)
class Desk:
    log: EventLog
    engine: Engine
    vault: Vault
    clock: Callable[[], int] = now_ms
    backlog: int = 0


@asynccontextmanager
async def desk(settings: Settings) -> AsyncIterator[Desk]:
    """Raises UnusableLog."""
    log, engine = _log(settings)
    try:
        vault = _vault(settings)
        try:
            await engine.start()
            try:
                yield Desk(log, engine, vault)
            finally:
                await engine.close()
        finally:
            vault.close()
    finally:
        await log.close()


@asynccontextmanager
async def looking(settings: Settings) -> AsyncIterator[EventLog]:
    """The log alone, for commands that give none: in a data folder nothing is made or changed, so one that cannot be
    written will do. Raises UnusableLog, also where there is no log."""
    require_there(settings)
    log = _followed(settings) if settings.profile == "full" else open_to_look(DataFolder(settings.data))
    try:
        yield log
    finally:
        await log.close()


def require_there(settings: Settings) -> None:
    """For commands about what is there: looking makes no log where there is none. Raises UnusableLog."""
    if settings.profile != "full":
        DataFolder(settings.data).require_log()


def _log(settings: Settings) -> tuple[EventLog, Engine]:
    if settings.profile == "full":
        from kontor.wiring import logservers

        return logservers.open_log(settings, now_ms)
    folder = DataFolder(settings.data)
    folder.prepare()
    return open_log(folder, settings, now_ms)


def _followed(settings: Settings) -> EventLog:
    from kontor.wiring import logservers

    return logservers.open_to_follow(settings, now_ms)


def _vault(settings: Settings) -> Vault:
    if settings.profile == "full":
        from commands.vault_server import VaultServer

        return Vault(VaultServer.open(*required(settings, "vault_url")))
    return Vault(DataFolder(settings.data).vault)
