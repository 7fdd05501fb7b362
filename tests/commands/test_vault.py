"""The vault in a file: the contract, and what only a file can suffer."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from commands import vault_file
from commands.vault import Vault, VaultError
from tests.contracts.vault import ADA, Clock, Credentials, PersonKeys, Secrets, Sessions
from tests.contracts.vault_factors import SecondFactors
from tests.contracts.vault_resets import Resets
from tests.contracts.vault_sessions import OwnSessions


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "vault.db"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def make(path, clock) -> Iterator[Any]:
    opened: list[Vault] = []

    def open_one(**options: Any) -> Vault:
        opened.append(Vault(path, now=clock, **options))
        return opened[-1]

    yield open_one
    for vault in opened:
        vault.close()


@pytest.fixture
def vault(make) -> Vault:
    return make()


@pytest.fixture
def other(vault, make) -> Vault:
    """A second process's view of the same file."""
    return make()


@pytest.fixture
def value(path):
    return lambda query: _value(path, query)


class TestPersonKeys(PersonKeys):
    def test_other_processes_notice_at_once(self, vault, other):
        vault.ensure_key("usr_1")
        sealed = vault.seal("usr_1", ADA)
        assert other.open("usr_1", sealed) == ADA
        vault.destroy_key("usr_1")
        assert other.open("usr_1", sealed) is None


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


class TestTheFile:
    def test_the_key_leaves_no_trace_in_the_files(self, vault, path):
        vault.ensure_key("usr_1")
        key = _value(path, "SELECT key FROM person_keys")
        assert len(key) == 32
        vault.destroy_key("usr_1")
        for file in path.parent.iterdir():
            assert key not in file.read_bytes(), file.name

    def test_tokens_are_stored_as_digests_only(self, vault, path):
        grant = vault.rotate(vault.issue_family("usr_1", "customer").token)
        for file in path.parent.iterdir():
            assert grant.token.encode() not in file.read_bytes()

    def test_belongs_to_its_owner_only(self, path):
        before = os.umask(0)
        try:
            vault = Vault(path)
            vault.ensure_key("usr_1")
            assert {file.stat().st_mode & 0o777 for file in path.parent.iterdir()} == {0o600}
            vault.close()
        finally:
            os.umask(before)

    def test_is_durable(self, vault):
        assert vault.store._writer.execute("PRAGMA synchronous").fetchone() == (2,)
        assert vault.store._writer.execute("PRAGMA journal_mode").fetchone() == ("wal",)

    def test_refuses_a_strangers_database(self, path):
        db = sqlite3.connect(path)
        db.execute("CREATE TABLE t (x)")
        db.close()
        with pytest.raises(VaultError, match="not a vault"):
            Vault(path)

    def test_refuses_what_is_no_database(self, path):
        path.write_bytes(b"hello" * 1000)
        with pytest.raises(VaultError, match="not a vault"):
            Vault(path)

    def test_refuses_a_newer_version(self, vault, path):
        vault.store._writer.execute("PRAGMA user_version = 99")
        with pytest.raises(VaultError, match="schema 99"):
            Vault(path)

    def test_takes_a_file_of_an_older_version_along(self, path, make):
        with closing(sqlite3.connect(path)) as db:
            db.executescript(vault_file.SCHEMAS[0])
            db.execute("INSERT INTO secrets VALUES ('jwt_key', ?, 1)", (b"k" * 32,))
            db.execute(f"PRAGMA application_id = {vault_file.APPLICATION_ID}")
            db.execute("PRAGMA user_version = 1")
            db.commit()
        assert make().secrets.jwt_key == b"k" * 32
        assert make().store.rows("SELECT count(*) FROM drops") == [(0,)]

    def test_processes_that_start_at_once_agree(self, path):
        program = (
            "import sys; from commands.vault import Vault; v = Vault(sys.argv[1]); v.ensure_key('usr_1');"
            "print(v.secrets.jwt_key.hex(), v._key('usr_1').key_id.hex())"
        )
        running = [
            subprocess.Popen([sys.executable, "-c", program, str(path)], stdout=subprocess.PIPE, text=True)
            for _ in range(4)
        ]
        assert len({process.communicate(timeout=60)[0] for process in running}) == 1
        assert {process.returncode for process in running} == {0}


def test_a_vault_that_another_process_makes_meanwhile_is_one(tmp_path):
    """Between two looks at what the file is."""
    path = tmp_path / "vault.db"
    path.touch()
    maker = threading.Thread(target=lambda: Vault(path).close())

    class Looking(sqlite3.Connection):
        def execute(self, *query):
            answer = super().execute(*query)
            if "application_id" in query[0]:
                maker.start()
                maker.join(0.5)
            return answer

    with closing(sqlite3.connect(path, isolation_level=None, factory=Looking)) as looking:
        vault_file._check_identity(looking, path)
    maker.join()


def _value(path: Path, query: str):
    db = sqlite3.connect(path)
    try:
        return db.execute(query).fetchone()[0]
    finally:
        db.close()


LOOK = """
import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
print(db.execute("SELECT count(*) FROM person_keys").fetchone()[0])
db.close()
"""


def test_a_process_that_comes_and_goes_takes_nothing_from_those_that_stay(path, vault):
    """Who closes the file as the last one removes the write-ahead log; while a vault is open nobody is the last one."""

    def keys_seen_elsewhere() -> int:
        seen = subprocess.run([sys.executable, "-c", LOOK, str(path)], check=True, capture_output=True, timeout=60)
        return int(seen.stdout)

    vault.ensure_key("usr_1")
    assert keys_seen_elsewhere() == 1
    vault.ensure_key("usr_2")
    assert keys_seen_elsewhere() == 2
    with closing(Vault(path)) as second:
        second.ensure_key("usr_3")
    vault.ensure_key("usr_4")
    assert keys_seen_elsewhere() == 4
    assert path.with_name("vault.db-wal").exists()
