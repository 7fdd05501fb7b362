"""What processes of the full profile open; it is closed with the stack that it is given."""

from __future__ import annotations

from contextlib import AsyncExitStack

from commands.store.postgres import PostgresLog
from commands.vault import Vault
from commands.vault_server import VaultServer
from kontor.settings import Settings, required


def opened_log(stack: AsyncExitStack, settings: Settings) -> PostgresLog:
    """Raises UnusableLog."""
    (url,) = required(settings, "postgres_url")
    log = PostgresLog.open(url)
    stack.push_async_callback(log.close)
    return log


def opened_vault(stack: AsyncExitStack, settings: Settings) -> Vault:
    (url,) = required(settings, "vault_url")
    vault = Vault(VaultServer.open(url))
    stack.callback(vault.close)
    return vault
