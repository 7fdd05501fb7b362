"""The vault: sealing and erasing, passwords, sessions, secrets; and two vaults on one file, as two processes have."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from commands import vault as module
from commands.vault import PersonErased, TokenInvalid, TokenReused, Vault, VaultError
from domain.errors import Invalid


class Clock:
    def __init__(self, at: float = 1_700_000_000.0) -> None:
        self.at = at

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "vault.db"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def vault(path, clock):
    opened = Vault(path, now=clock)
    yield opened
    opened.close()


@pytest.fixture
def other(vault, path, clock):
    """A second process's view of the same file."""
    opened = Vault(path, now=clock)
    yield opened
    opened.close()


ADA = {"name": "Ada", "line1": "12 Market Street", "nested": {"list": [1, None, "ü"]}}


class TestPersonKeys:
    def test_sealed_data_opens(self, vault, other):
        vault.ensure_key("usr_1")
        sealed = vault.seal("usr_1", ADA)
        assert vault.open("usr_1", sealed) == ADA
        assert other.open("usr_1", sealed) == ADA
        assert b"Ada" not in sealed

    def test_two_seals_of_the_same_differ(self, vault):
        vault.ensure_key("usr_1")
        assert vault.seal("usr_1", ADA) != vault.seal("usr_1", ADA)

    def test_ensuring_twice_keeps_the_key(self, vault, other):
        vault.ensure_key("usr_1")
        sealed = vault.seal("usr_1", ADA)
        other.ensure_key("usr_1")
        assert other.open("usr_1", sealed) == ADA

    def test_destroyed_key_opens_nothing(self, vault):
        vault.ensure_key("usr_1")
        sealed = vault.seal("usr_1", ADA)
        vault.destroy_key("usr_1")
        vault.destroy_key("usr_1")
        assert vault.open("usr_1", sealed) is None

    def test_other_processes_notice_at_once_although_they_had_the_key_cached(self, vault, other):
        vault.ensure_key("usr_1")
        sealed = vault.seal("usr_1", ADA)
        assert other.open("usr_1", sealed) == ADA
        vault.destroy_key("usr_1")
        assert other.open("usr_1", sealed) is None

    def test_an_erased_person_does_not_come_back(self, vault, other):
        vault.ensure_key("usr_1")
        vault.destroy_key("usr_1")
        for each in (vault, other):
            with pytest.raises(PersonErased):
                each.ensure_key("usr_1")
            with pytest.raises(PersonErased):
                each.seal("usr_1", ADA)

    def test_erasing_one_person_leaves_the_others(self, vault):
        for person in ("usr_1", "usr_2"):
            vault.ensure_key(person)
        sealed = vault.seal("usr_2", ADA)
        vault.destroy_key("usr_1")
        assert vault.open("usr_2", sealed) == ADA

    def test_the_key_leaves_no_trace_in_the_files(self, vault, path):
        vault.ensure_key("usr_1")
        key = _value(path, "SELECT key FROM person_keys")
        assert len(key) == 32
        vault.destroy_key("usr_1")
        for file in path.parent.iterdir():
            assert key not in file.read_bytes(), file.name

    def test_sealed_for_another_person_is_refused(self, vault):
        for person in ("usr_1", "usr_2"):
            vault.ensure_key(person)
        with pytest.raises(VaultError, match="another key"):
            vault.open("usr_2", vault.seal("usr_1", ADA))

    @pytest.mark.parametrize("index", [0, 1, 9, 21, -1])
    def test_altered_data_is_refused(self, vault, index):
        vault.ensure_key("usr_1")
        sealed = bytearray(vault.seal("usr_1", ADA))
        sealed[index] ^= 1
        with pytest.raises(VaultError):
            vault.open("usr_1", bytes(sealed))

    @pytest.mark.parametrize("sealed", [b"", b"\x01", b"\x01" * 21])
    def test_truncated_data_is_refused(self, vault, sealed):
        vault.ensure_key("usr_1")
        with pytest.raises(VaultError):
            vault.open("usr_1", sealed)

    def test_the_key_cache_is_bounded(self, path):
        vault = Vault(path, key_cache=3)
        for number in range(10):
            vault.ensure_key(f"usr_{number}")
        assert len(vault._keys) == 3
        assert vault.open("usr_0", vault.seal("usr_0", ADA)) == ADA
        vault.close()


class TestCredentials:
    def test_right_and_wrong(self, vault, other):
        vault.set_password("usr_1", "correct horse")
        assert vault.check_password("usr_1", "correct horse")
        assert other.check_password("usr_1", "correct horse")
        assert not vault.check_password("usr_1", "battery staple")

    def test_an_unknown_account_is_hashed_for_all_the_same(self, vault, monkeypatch):
        verified = []
        real = module._HASHER.verify

        class Spy:
            check_needs_rehash = staticmethod(module._HASHER.check_needs_rehash)

            @staticmethod
            def verify(hashed, password):
                verified.append(hashed)
                return real(hashed, password)

        monkeypatch.setattr(module, "_HASHER", Spy)
        assert not vault.check_password("usr_9", "correct horse")
        assert verified == [vault._dummy_hash]

    def test_stored_as_argon2id_with_the_parameters_of_owasp(self, vault, path):
        vault.set_password("usr_1", "correct horse")
        assert _value(path, "SELECT hash FROM credentials").startswith("$argon2id$v=19$m=19456,t=2,p=1$")

    def test_an_old_hash_is_replaced_when_its_password_is_next_used(self, vault, path):
        weak = module.PasswordHasher(time_cost=1, memory_cost=64, parallelism=1).hash(b"correct horse")
        vault._store_hash("usr_1", weak)
        assert not vault.check_password("usr_1", "wrong")
        assert _value(path, "SELECT hash FROM credentials") == weak
        assert vault.check_password("usr_1", "correct horse")
        assert "m=19456,t=2,p=1" in _value(path, "SELECT hash FROM credentials")
        assert vault.check_password("usr_1", "correct horse")

    def test_changed_and_dropped(self, vault):
        vault.set_password("usr_1", "one")
        vault.set_password("usr_1", "two")
        assert not vault.check_password("usr_1", "one")
        assert vault.check_password("usr_1", "two")
        vault.drop_credentials("usr_1")
        assert not vault.check_password("usr_1", "two")

    def test_one_password_may_be_typed_in_two_ways(self, vault):
        vault.set_password("usr_1", "caf\u00e9 cr\u00e8me")
        assert vault.check_password("usr_1", "cafe\u0301 cre\u0300me")

    def test_too_long(self, vault):
        with pytest.raises(Invalid):
            vault.set_password("usr_1", "x" * 2000)
        assert not vault.check_password("usr_1", "x" * 2000)


class TestSessions:
    def test_each_token_works_once(self, vault, other):
        first = vault.issue_family("usr_1", "customer")
        second = other.rotate(first.token)
        third = vault.rotate(second.token)
        assert second[:2] == ("usr_1", "customer")
        assert len({first.token, second.token, third.token}) == 3
        assert {first.family} == {second.family, third.family}

    def test_reuse_revokes_the_family_in_every_process(self, vault, other):
        first = vault.issue_family("usr_1", "customer")
        second = other.rotate(first.token)
        assert not other.family_revoked(first.family)
        with pytest.raises(TokenReused):
            vault.rotate(first.token)
        with pytest.raises(TokenInvalid):
            other.rotate(second.token)
        assert vault.family_revoked(first.family)
        other._next_check = 0.0
        assert other.family_revoked(first.family)

    def test_reuse_after_the_family_ended_is_still_told_as_reuse(self, vault):
        first = vault.issue_family("usr_1", "customer")
        vault.rotate(first.token)
        for _ in range(2):
            with pytest.raises(TokenReused):
                vault.rotate(first.token)

    def test_reuse_leaves_other_sessions_of_the_account_alone(self, vault):
        stolen, mine = vault.issue_family("usr_1", "customer"), vault.issue_family("usr_1", "customer")
        vault.rotate(stolen.token)
        with pytest.raises(TokenReused):
            vault.rotate(stolen.token)
        assert vault.rotate(mine.token).family == mine.family

    def test_of_many_who_rotate_at_once_one_wins(self, vault, other):
        grant = vault.issue_family("usr_1", "customer")
        outcomes: list[str] = []

        def rotate(each: Vault) -> None:
            try:
                each.rotate(grant.token)
                outcomes.append("rotated")
            except TokenReused:
                outcomes.append("reused")

        threads = [threading.Thread(target=rotate, args=(each,)) for each in (vault, other) * 4]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(outcomes) == ["reused"] * 7 + ["rotated"]

    @pytest.mark.parametrize("token", ["", "nonsense", "krt_" + "A" * 43, "\ud800"])
    def test_unknown_tokens(self, vault, token):
        with pytest.raises(TokenInvalid) as refused:
            vault.rotate(token)
        assert refused.value.code == "unauthenticated"
        assert not isinstance(refused.value, TokenReused)

    def test_expires_after_thirty_days_unless_rotated(self, vault, clock):
        kept, left = vault.issue_family("usr_1", "customer"), vault.issue_family("usr_1", "customer")
        clock.at += 29 * 86400
        kept = vault.rotate(kept.token)
        clock.at += 2 * 86400
        with pytest.raises(TokenInvalid):
            vault.rotate(left.token)
        vault.rotate(kept.token)

    def test_revoking_an_account_ends_its_sessions_only(self, vault, other):
        mine = [vault.issue_family("usr_1", "customer") for _ in range(2)]
        yours = vault.issue_family("usr_2", "customer")
        other.revoke_account("usr_1")
        vault._next_check = 0.0
        assert all(vault.family_revoked(grant.family) for grant in mine)
        assert not vault.family_revoked(yours.family)
        for grant in mine:
            with pytest.raises(TokenInvalid):
                vault.rotate(grant.token)
        vault.rotate(yours.token)

    def test_revocation_is_known_after_a_restart(self, vault, path, clock):
        grant = vault.issue_family("usr_1", "customer")
        vault.revoke_family(grant.family)
        again = Vault(path, now=clock)
        assert again.family_revoked(grant.family)
        again.close()

    def test_tokens_are_stored_as_digests_only(self, vault, path):
        grant = vault.rotate(vault.issue_family("usr_1", "customer").token)
        for file in path.parent.iterdir():
            assert grant.token.encode() not in file.read_bytes()

    def test_what_expired_is_forgotten_at_the_next_start(self, vault, path, clock):
        vault.rotate(vault.issue_family("usr_1", "customer").token)
        clock.at += 31 * 86400
        Vault(path, now=clock).close()
        assert _value(path, "SELECT count(*) FROM families") == 0
        assert _value(path, "SELECT count(*) FROM refresh_tokens") == 0


class TestSecrets:
    def test_the_same_for_all_who_share_the_file(self, vault, other):
        assert vault.secrets == other.secrets

    def test_distinct_random_and_not_shown(self, vault, tmp_path):
        elsewhere = Vault(tmp_path / "other.db")
        values = [getattr(each.secrets, name) for each in (vault, elsewhere) for name in vault.secrets.__slots__]
        assert len(set(values)) == 10
        assert {len(value) for value in values} == {32}
        assert "jwt" not in repr(vault.secrets)
        elsewhere.close()

    def test_email_lookup_finds_every_spelling(self, vault, other):
        lookup = vault.email_lookup("Ada@Example.com")
        assert lookup == other.email_lookup("  ada@example.COM ")
        assert lookup != vault.email_lookup("ada@example.org")
        assert len(lookup) == 64
        assert len(vault.email_lookup("\ud800")) == 64


class TestTheFile:
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
        assert vault._file._writer.execute("PRAGMA synchronous").fetchone() == (2,)
        assert vault._file._writer.execute("PRAGMA journal_mode").fetchone() == ("wal",)

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
        vault._file._writer.execute("PRAGMA user_version = 99")
        with pytest.raises(VaultError, match="schema 99"):
            Vault(path)

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


def _value(path: Path, query: str):
    db = sqlite3.connect(path)
    try:
        return db.execute(query).fetchone()[0]
    finally:
        db.close()
