"""The vault on a real Postgres server: the contract, and what only a server can suffer."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from commands import vault_server
from commands.errors import StorageUnavailable, UnusableLog
from commands.vault import Vault
from commands.vault_server import VaultServer
from tests.commands.backends import end_connections
from tests.contracts.vault import ADA, Clock, Credentials, PersonKeys, Secrets, Sessions
from tests.contracts.vault_factors import SecondFactors
from tests.contracts.vault_resets import Resets
from tests.contracts.vault_sessions import OwnSessions

pytestmark = pytest.mark.stack


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def make(postgres, clock) -> Iterator[Any]:
    opened: list[Vault] = []

    def open_one(**options: Any) -> Vault:
        opened.append(Vault(VaultServer.open(postgres), now=clock, **options))
        return opened[-1]

    yield open_one
    for vault in opened:
        vault.close()


@pytest.fixture
def vault(make) -> Vault:
    return make()


@pytest.fixture
def other(vault, make) -> Vault:
    """A second process's view of the same vault."""
    return make()


@pytest.fixture
def value(postgres):
    def look(query: str) -> Any:
        with psycopg.connect(postgres) as connection:
            row = connection.execute(query.encode()).fetchone()
            assert row is not None
            return row[0]

    return look


class TestPersonKeys(PersonKeys):
    pass


class TestCredentials(Credentials):
    pass


class TestOwnSessions(OwnSessions):
    pass


class TestResets(Resets):
    pass


class TestSecondFactors(SecondFactors):
    pass


class TestSessions(Sessions):
    pass


class TestSecrets(Secrets):
    pass


def test_a_known_key_costs_no_round_trip(vault, monkeypatch):
    vault.ensure_key("usr_1")
    sealed = vault.seal("usr_1", ADA)
    monkeypatch.setattr(vault.store, "rows", None)
    began = time.perf_counter()
    for _ in range(1_000):
        assert vault.open("usr_1", sealed) == ADA
        assert not vault.family_revoked("fam_1")
    assert time.perf_counter() - began < 1


def test_whoever_cannot_ask_forgets_all_keys(vault, monkeypatch):
    """Cut off from the server nobody knows who was erased meanwhile."""
    monkeypatch.setattr(vault_server, "FORGET_S", 0.1)
    vault.ensure_key("usr_1")
    sealed = vault.seal("usr_1", ADA)

    def unreachable(*_: Any) -> Any:
        raise StorageUnavailable("cut off")

    monkeypatch.setattr(vault.store, "rows", unreachable)
    time.sleep(0.5)
    with pytest.raises(StorageUnavailable):
        vault.open("usr_1", sealed)
    monkeypatch.undo()
    assert vault.open("usr_1", sealed) == ADA


def test_connections_that_broke_are_replaced(vault, postgres):
    vault.ensure_key("usr_1")
    sealed = vault.seal("usr_1", ADA)
    asyncio.run(end_connections(postgres))
    vault._keys.clear()
    assert vault.open("usr_1", sealed) == ADA
    vault.destroy_key("usr_1")
    assert vault.open("usr_1", sealed) is None


def test_the_key_is_gone_from_the_table(vault, value):
    vault.ensure_key("usr_1")
    vault.destroy_key("usr_1")
    assert value("SELECT count(*) FROM person_keys WHERE key IS NOT NULL OR key_id IS NOT NULL") == 0


def test_tokens_are_stored_as_digests_only(vault, value):
    grant = vault.rotate(vault.issue_family("usr_1", "customer").token)
    assert value("SELECT count(*) FROM refresh_tokens WHERE length(digest) = 32") == 2
    assert grant.token not in value("SELECT string_agg(refresh_tokens::text, ',') FROM refresh_tokens")


def test_a_newer_vault_is_refused(vault, postgres):
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute("INSERT INTO kontor_migrations (part, number, name) VALUES ('vault', 99, 'later')")
    with pytest.raises(UnusableLog, match=r"the vault at .* newer Kontor"):
        VaultServer.open(postgres)


def test_a_vault_that_is_not_there_says_so_soon_and_without_the_password():
    with pytest.raises(UnusableLog, match=r"the vault at 127\.0\.0\.1:1/app cannot be reached") as refused:
        VaultServer.open("postgresql://app:s3cr3t@127.0.0.1:1/app")
    assert "s3cr3t" not in str(refused.value)
