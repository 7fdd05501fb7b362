"""What every vault does, wherever it is kept.

Whoever subclasses this has a fixture ``make`` that opens vaults on one store, each as by a process of its own, and a
fixture ``value`` that looks into the store by a query.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest

from commands import vault_credentials as module
from commands.vault import PersonErased, TokenInvalid, TokenReused, Vault, VaultError
from domain.errors import Invalid

FORGET_S = 1.0
"""Within it every process has forgotten what one of them destroyed or revoked."""


class Clock:
    def __init__(self, at: float = 1_700_000_000.0) -> None:
        self.at = at

    def __call__(self) -> float:
        return self.at


def soon(condition: Callable[[], bool]) -> bool:
    until = time.monotonic() + FORGET_S
    while not condition():
        if time.monotonic() > until:
            return False
        time.sleep(0.01)
    return True


ADA = {"name": "Ada", "line1": "12 Market Street", "nested": {"list": [1, None, "ü"]}}


class PersonKeys:
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

    def test_other_processes_notice_although_they_had_the_key_cached(self, vault, other):
        vault.ensure_key("usr_1")
        sealed = vault.seal("usr_1", ADA)
        assert other.open("usr_1", sealed) == ADA
        vault.destroy_key("usr_1")
        assert vault.open("usr_1", sealed) is None
        assert soon(lambda: other.open("usr_1", sealed) is None)

    def test_an_erased_person_does_not_come_back(self, vault, other):
        vault.ensure_key("usr_1")
        vault.destroy_key("usr_1")
        assert soon(lambda: other._key("usr_1") is None)
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

    def test_the_key_cache_is_bounded(self, make):
        vault = make(key_cache=3)
        for number in range(10):
            vault.ensure_key(f"usr_{number}")
        assert len(vault._keys) == 3
        assert vault.open("usr_0", vault.seal("usr_0", ADA)) == ADA


class Credentials:
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

    def test_stored_as_argon2id_with_the_parameters_of_owasp(self, vault, value, real_hasher):
        vault.set_password("usr_1", "correct horse")
        assert value("SELECT hash FROM credentials").startswith("$argon2id$v=19$m=19456,t=2,p=1$")

    def test_an_old_hash_is_replaced_when_its_password_is_next_used(self, vault, value, real_hasher):
        weak = module.PasswordHasher(time_cost=1, memory_cost=64, parallelism=1).hash(b"correct horse")
        vault._store_hash("usr_1", weak)
        assert not vault.check_password("usr_1", "wrong")
        assert value("SELECT hash FROM credentials") == weak
        assert vault.check_password("usr_1", "correct horse")
        assert "m=19456,t=2,p=1" in value("SELECT hash FROM credentials")
        assert vault.check_password("usr_1", "correct horse")

    def test_changed_and_dropped(self, vault):
        vault.set_password("usr_1", "one")
        vault.set_password("usr_1", "two")
        assert not vault.check_password("usr_1", "one")
        assert vault.check_password("usr_1", "two")
        vault.drop_credentials("usr_1")
        assert not vault.check_password("usr_1", "two")

    def test_who_knows_the_present_one_may_change_it(self, vault, other):
        vault.set_password("usr_1", "one")
        assert not vault.change_password("usr_1", "wrong", "two", keep="")
        assert vault.check_password("usr_1", "one")
        assert vault.change_password("usr_1", "one", "two", keep="")
        assert not other.check_password("usr_1", "one")
        assert other.check_password("usr_1", "two")

    def test_a_change_ends_every_other_session_of_the_account_alone(self, vault, other):
        vault.set_password("usr_1", "one")
        here, there, elses = (vault.issue_family(who, "customer") for who in ("usr_1", "usr_1", "usr_2"))
        assert not vault.change_password("usr_1", "wrong", "two", keep=here.family)
        assert not vault.family_revoked(there.family)
        assert other.change_password("usr_1", "one", "two", keep=here.family)
        assert other.family_revoked(there.family)
        assert soon(lambda: vault.family_revoked(there.family))
        with pytest.raises(TokenInvalid):
            vault.rotate(there.token)
        assert not vault.family_revoked(here.family)
        assert vault.rotate(here.token).family == here.family
        assert vault.rotate(elses.token).family == elses.family

    def test_a_change_makes_no_password_where_there_is_none(self, vault):
        assert not vault.change_password("usr_1", "one", "two", keep="")
        assert not vault.check_password("usr_1", "two")

    @pytest.mark.parametrize("meanwhile", ["dropped", "changed"])
    def test_what_changed_while_it_was_hashed_is_not_undone(self, vault, monkeypatch, meanwhile):
        vault.set_password("usr_1", "one")
        here = vault.issue_family("usr_1", "customer")
        real = module._HASHER

        class Slow:
            verify = staticmethod(real.verify)
            check_needs_rehash = staticmethod(real.check_needs_rehash)

            @staticmethod
            def hash(password):
                monkeypatch.setattr(module, "_HASHER", real)
                if meanwhile == "dropped":
                    vault.drop_credentials("usr_1")
                else:
                    vault.set_password("usr_1", "three")
                return real.hash(password)

        monkeypatch.setattr(module, "_HASHER", Slow)
        assert not vault.change_password("usr_1", "one", "two", keep="")
        assert not vault.check_password("usr_1", "two")
        assert vault.check_password("usr_1", "three") == (meanwhile == "changed")
        assert not vault.family_revoked(here.family)

    def test_a_new_one_may_be_too_long(self, vault):
        vault.set_password("usr_1", "one")
        with pytest.raises(Invalid):
            vault.change_password("usr_1", "one", "x" * 2000, keep="")
        assert vault.check_password("usr_1", "one")

    def test_one_password_may_be_typed_in_two_ways(self, vault):
        vault.set_password("usr_1", "caf\u00e9 cr\u00e8me")
        assert vault.check_password("usr_1", "cafe\u0301 cre\u0300me")

    def test_too_long(self, vault):
        with pytest.raises(Invalid):
            vault.set_password("usr_1", "x" * 2000)
        assert not vault.check_password("usr_1", "x" * 2000)


class Sessions:
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
        assert soon(lambda: other.family_revoked(first.family))

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

    def test_with_its_key_a_token_is_traded_again_until_its_successor_was_used(self, vault, other):
        first = vault.issue_family("usr_1", "customer")
        second = vault.rotate(first.token, "mine")
        assert other.rotate(first.token, "mine") == second
        third = other.rotate(second.token, "next")
        with pytest.raises(TokenReused):
            vault.rotate(first.token, "mine")
        with pytest.raises(TokenInvalid):
            vault.rotate(third.token, "last")

    @pytest.mark.parametrize("key", [None, "another"])
    def test_whoever_has_the_token_and_not_its_key_ends_the_family(self, vault, key):
        first = vault.issue_family("usr_1", "customer")
        second = vault.rotate(first.token, "mine")
        with pytest.raises(TokenReused):
            vault.rotate(first.token, key)
        with pytest.raises(TokenReused):
            vault.rotate(first.token, "mine")
        with pytest.raises(TokenInvalid):
            vault.rotate(second.token)

    def test_a_token_that_was_traded_without_a_key_is_not_traded_with_one(self, vault):
        first = vault.issue_family("usr_1", "customer")
        vault.rotate(first.token)
        with pytest.raises(TokenReused):
            vault.rotate(first.token, "mine")

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
        assert soon(lambda: all(vault.family_revoked(grant.family) for grant in mine))
        assert not vault.family_revoked(yours.family)
        for grant in mine:
            with pytest.raises(TokenInvalid):
                vault.rotate(grant.token)
        vault.rotate(yours.token)

    def test_revocation_is_known_after_a_restart(self, vault, make):
        grant = vault.issue_family("usr_1", "customer")
        vault.revoke_family(grant.family)
        assert make().family_revoked(grant.family)

    def test_what_expired_is_forgotten_at_the_next_start(self, vault, make, value, clock):
        vault.rotate(vault.issue_family("usr_1", "customer").token)
        clock.at += 31 * 86400
        make()
        assert value("SELECT count(*) FROM families") == 0
        assert value("SELECT count(*) FROM refresh_tokens") == 0

    def test_what_expired_is_forgotten_while_others_sign_in(self, vault, value, clock):
        vault.issue_family("usr_1", "customer")
        grant = vault.issue_family("usr_2", "customer")
        for _ in range(40):
            clock.at += 86400
            grant = vault.rotate(grant.token)
        vault.issue_family("usr_3", "customer")
        assert value("SELECT count(*) FROM families") == 2
        assert value("SELECT count(*) FROM refresh_tokens") == 32
        vault.rotate(grant.token)


class Secrets:
    def test_the_same_for_all_who_share_the_file(self, vault, other):
        assert vault.secrets == other.secrets

    def test_distinct_random_and_not_shown(self, vault, tmp_path):
        elsewhere = Vault(tmp_path / "other.db")
        values = [getattr(each.secrets, name) for each in (vault, elsewhere) for name in vault.secrets.__slots__]
        assert len(set(values)) == 16
        assert {len(value) for value in values} == {32}
        assert "jwt" not in repr(vault.secrets)
        elsewhere.close()

    def test_email_lookup_finds_every_spelling(self, vault, other):
        lookup = vault.email_lookup("Ada@Example.com")
        assert lookup == other.email_lookup("  ada@example.COM ")
        assert lookup != vault.email_lookup("ada@example.org")
        assert len(lookup) == 64
        assert len(vault.email_lookup("\ud800")) == 64
