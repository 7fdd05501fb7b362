"""What processes of the full profile open; it is closed with the stack that it is given."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AsyncExitStack

from commands.engine import Engine, now_ms
from commands.logs.served import NamedLog
from commands.vault import Vault
from commands.vault_server import VaultServer
from kontor.settings import Settings, required
from kontor.wiring.logservers import open_log, open_to_follow


def opened_log(stack: AsyncExitStack, settings: Settings) -> NamedLog:
    """For a process that writes nothing. Raises UnusableLog."""
    log = open_to_follow(settings, now_ms)
    stack.push_async_callback(log.close)
    return log


def opened_to_write(stack: AsyncExitStack, settings: Settings, clock: Callable[[], int]) -> tuple[NamedLog, Engine]:
    """Raises UnusableLog."""
    log, engine = open_log(settings, clock)
    stack.push_async_callback(log.close)
    return log, engine


def opened_vault(stack: AsyncExitStack, settings: Settings) -> Vault:
    (url,) = required(settings, "vault_url")
    vault = Vault(VaultServer.open(url))
    stack.callback(vault.close)
    return vault
