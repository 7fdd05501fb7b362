"""`kontor copy-vault`: everything sealed opens, who was erased stays so, all or nothing, and no word of any key."""

from __future__ import annotations

import base64
import json
import sqlite3
import subprocess
import sys
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import closing, nullcontext
from pathlib import Path
from typing import Any

import pyotp
import pytest

from commands import vault_copy
from commands.context import system_context
from commands.engine import Engine, now_ms
from commands.store.sqlite import SQLiteLog
from commands.vault import PersonErased, TokenInvalid, Vault
from commands.vault_copy import NotEmpty, NotTheSame
from commands.vault_errors import VaultError
from commands.vault_file import VaultFile
from commands.vault_store import VaultStore
from domain.buyers.account import ActiveAccount, AddAddress, Address
from domain.sellers.drop import DropTerms
from kontor.folder import DataFolder
from kontor.operating.copying_vault import copy
from streams.waiting.line import Line
from streams.waiting.room import Room
from tests.conftest import ROOT
from writeapi.accounts.registration import register

HOME = {"name": "Ada", "line1": "12 Market Street"}
PASSWORD = "correct horse battery"


def silent(*_: Any) -> Any:
    return nullcontext(lambda done: None)


class Persons:
    """Ada has an address, a second factor, two sessions and a third that she ended; Bob was erased."""

    ada = bob = ""
    token = revoked = recovery = ""


async def settle(folder: DataFolder) -> Persons:
    folder.prepare()
    log, vault, persons = SQLiteLog.open(folder.log), Vault(folder.vault), Persons()
    engine = Engine(log)
    await engine.start()
    for name in ("ada", "bob"):
        context = system_context("test", now_ms())
        account = await register(engine, vault, f"{name}@example.com", PASSWORD, name, context=context)
        address = Address(f"adr_{name}", vault.seal(account, HOME), "US", "NY")
        await engine.submit(AddAddress(account, address), system_context("test", now_ms()))
        setattr(persons, name, account)
    recovery = vault.confirm_factor(persons.ada, pyotp.TOTP(vault.begin_factor(persons.ada) or "").now())
    assert recovery is not None
    persons.recovery = recovery[0]
    vault.destroy_key(persons.bob)
    vault.drop_credentials(persons.bob)
    persons.token = vault.rotate(vault.issue_family(persons.ada, "customer").token).token
    vault.issue_family(persons.ada, "customer")
    ended = vault.issue_family(persons.ada, "customer")
    persons.revoked = ended.family
    vault.revoke_family(ended.family)
    line = Line(vault.store)
    line.announce(Room("drp_1", "off_shp_1.pen", "prd_1", DropTerms(1, 2, 60, 60_000), "9f86d081"))
    line.join("drp_1", [persons.ada, persons.bob])
    await engine.close()
    vault.close()
    await log.close()
    return persons


@pytest.fixture
def source(tmp_path: Path) -> DataFolder:
    return DataFolder(tmp_path / "shop")


@pytest.fixture
async def persons(source: DataFolder) -> Persons:
    return await settle(source)


async def sealed_of(log: Path, account: str) -> bytes:
    opened = SQLiteLog.open(log)
    engine = Engine(opened)
    state = await engine.state(account)
    await opened.close()
    assert isinstance(state, ActiveAccount)
    return next(iter(state.addresses.values())).sealed


class Copies(ABC):
    """Whoever subclasses this has a fixture ``target``, a place, and says how to open what is there."""

    @abstractmethod
    def open(self, target: str) -> VaultStore: ...

    def held(self, target: str) -> dict[str, int]:
        with closing(self.open(target)) as store:
            return vault_copy.rows_of(store)

    async def test_all_goes_on_as_it_was(self, source, persons, target):
        with closing(Vault(source.vault)) as original:
            secrets, looked_up = original.secrets, original.email_lookup("ada@example.com")
        counts, tried = copy(str(source.path), target, silent)
        assert counts == {
            "secrets": 9, "person_keys": 2, "credentials": 1, "families": 3, "refresh_tokens": 4,
            "second_factors": 1, "recovery_codes": 10, "revocations": 2, "drops": 1, "drop_tickets": 2,
        }  # fmt: skip
        assert tried == (2, 1), "Ada's profile and address; Bob"
        sealed = await sealed_of(source.log, persons.ada)
        with closing(Vault(self.open(target))) as copied:
            assert copied.secrets == secrets
            assert copied.email_lookup("ada@example.com") == looked_up
            assert copied.open(persons.ada, sealed) == HOME
            assert copied.check_password(persons.ada, PASSWORD)
            assert not copied.check_password(persons.bob, PASSWORD)
            assert copied.use_code(persons.ada, persons.recovery)
            assert copied.family_revoked(persons.revoked)
            assert Line(copied.store).join("drp_1", [persons.bob]) == {persons.bob: 2}
            assert copied.rotate(persons.token).account_id == persons.ada
            with pytest.raises(TokenInvalid):
                copied.rotate(persons.token)

    async def test_who_was_erased_stays_erased(self, source, persons, target):
        copy(str(source.path), target, silent)
        sealed = await sealed_of(source.log, persons.bob)
        with closing(Vault(self.open(target))) as copied:
            assert copied.open(persons.bob, sealed) is None
            with pytest.raises(PersonErased):
                copied.ensure_key(persons.bob)

    async def test_the_copy_can_be_written_on(self, source, persons, target):
        """What the store numbers itself goes on behind what was copied."""
        copy(str(source.path), target, silent)
        with closing(Vault(self.open(target))) as copied:
            copied.revoke_account(persons.ada)
            copied.ensure_key("usr_new")
            copied.destroy_key("usr_new")
        assert self.held(target)["revocations"] == 2 + 2 + 1

    async def test_more_than_a_page(self, source, persons, target, monkeypatch):
        monkeypatch.setattr(vault_copy, "PAGE", 2)
        assert sum(copy(str(source.path), target, silent)[0].values()) == 35

    async def test_a_vault_in_use_is_not_written_over(self, source, persons, target):
        Vault(self.open(target)).close()
        before = self.held(target)
        with pytest.raises(NotEmpty, match="it holds 9 secrets"):
            copy(str(source.path), target, silent)
        assert self.held(target) == before
        with pytest.raises(NotEmpty):
            copy(str(source.path), target, silent)

    async def test_an_interrupted_copy_leaves_nothing_and_can_be_made_again(self, source, persons, target, monkeypatch):
        real = vault_copy._insert

        def interrupted(transaction: Any, table: Any, rows: Any) -> None:
            if table.name == "refresh_tokens":
                raise KeyboardInterrupt
            real(transaction, table, rows)

        monkeypatch.setattr(vault_copy, "_insert", interrupted)
        with pytest.raises(KeyboardInterrupt):
            copy(str(source.path), target, silent)
        monkeypatch.undo()
        assert set(self.held(target).values()) == {0}
        assert sum(copy(str(source.path), target, silent)[0].values()) == 35

    @pytest.mark.parametrize("table", ["person_keys", "credentials", "refresh_tokens"])
    async def test_a_copy_that_differs_is_not_kept(self, source, persons, target, monkeypatch, table):
        real = vault_copy._insert

        def careless(transaction: Any, to: Any, rows: Any) -> None:
            if to.name == table:
                rows = [(*row[:-1], 7) for row in rows]
            real(transaction, to, rows)

        monkeypatch.setattr(vault_copy, "_insert", careless)
        with pytest.raises(NotTheSame, match=table):
            copy(str(source.path), target, silent)
        assert set(self.held(target).values()) == {0}

    async def test_keys_that_do_not_open_the_log_are_not_kept(self, source, persons, target):
        other = DataFolder(source.path.parent / "other")
        await settle(other)
        with sqlite3.connect(source.vault) as to, sqlite3.connect(other.vault) as of:
            stranger = of.execute("SELECT key FROM person_keys WHERE key IS NOT NULL").fetchone()[0]
            to.execute("UPDATE person_keys SET key = ? WHERE key IS NOT NULL", (stranger,))
        to.close()
        of.close()
        with pytest.raises(NotTheSame, match=f"does not open what the log in .* holds: sealed data of {persons.ada}"):
            copy(str(source.path), target, silent)
        assert set(self.held(target).values()) == {0}

    async def test_the_command_says_nothing_of_any_secret(self, source, persons, target):
        with closing(sqlite3.connect(source.vault)) as connection:
            kept = [row[0] for row in connection.execute("SELECT key FROM person_keys WHERE key IS NOT NULL")]
            kept += [row[0] for row in connection.execute("SELECT value FROM secrets")]
            kept += [row[0].encode() for row in connection.execute("SELECT hash FROM credentials")]
        first = kontor("copy-vault", "--from", str(source.path), "--to", target)
        assert first.returncode == 0, first.stderr
        assert "2 person keys" in first.stdout
        assert "opened 2 sealed values of the log; 1 erased persons stay unreadable" in first.stdout
        again = kontor("copy-vault", "--from", str(source.path), "--to", target)
        assert again.returncode == 1
        assert "the target is in use" in again.stderr
        said = first.stdout + first.stderr + again.stdout + again.stderr
        for secret in kept:
            shapes = (secret.hex(), base64.b64encode(secret).decode(), repr(secret)[2:-1], json.dumps(list(secret)))
            assert not [shape for shape in shapes if shape in said]


class TestIntoAFolder(Copies):
    @pytest.fixture
    def target(self, tmp_path: Path) -> str:
        return str(tmp_path / "copy")

    def open(self, target: str) -> VaultStore:
        folder = DataFolder(Path(target))
        folder.prepare()
        return VaultFile(folder.vault)


@pytest.mark.stack
class TestIntoAServer(Copies):
    @pytest.fixture
    def target(self, postgres: str) -> str:
        return postgres

    def open(self, target: str) -> VaultStore:
        from commands.vault_server import VaultServer

        return VaultServer.open(target)

    async def test_there_and_back_again(self, source, persons, target, tmp_path):
        back = DataFolder(tmp_path / "back")
        copy(str(source.path), target, silent)
        assert copy(target, str(back.path), silent)[1] is None, "no log in the folder yet"
        assert list(dump(back.vault)) == list(dump(source.vault))


def dump(vault: Path) -> Iterator[Any]:
    with closing(sqlite3.connect(vault)) as connection:
        for table in vault_copy.TABLES:
            query = f"SELECT {', '.join(table.columns)} FROM {table.name} ORDER BY {table.key}"
            yield connection.execute(query).fetchall()


def kontor(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "kontor", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)


def test_where_there_is_nothing_to_copy(tmp_path):
    empty, target = tmp_path / "empty", str(tmp_path / "target")
    VaultFile(DataFolder(tmp_path).vault).close()
    for source, said in ((str(empty), "there is no vault in"), (str(tmp_path), "holds nothing"), (target, "is the")):
        refused = kontor("copy-vault", "--from", source, "--to", target)
        assert refused.returncode == 1
        assert said in refused.stderr
    assert not empty.exists()
    with pytest.raises(VaultError):
        copy(target, target, silent)
