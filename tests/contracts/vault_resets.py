"""Tokens for a forgotten password, wherever the vault is kept: ``tests/contracts/vault.py`` tells of its fixtures."""

from __future__ import annotations

import pytest

from commands import vault_credentials as module
from commands.linktokens import EMAIL, PASSWORD, LinkToken, read
from commands.vault import TokenInvalid, Vault
from domain.errors import Invalid
from tests.contracts.vault import soon

ACCOUNT = "usr_01KARQ0000ABCDEFGHJKMNPQRS"
OTHER = "usr_01KARQ0000ABCDEFGHJKMNPQRT"
CLAIM = "clm_email.5f2b"


def ms(clock) -> int:
    return int(clock.at * 1000)


class Resets:
    @pytest.fixture
    def token(self, vault, clock) -> LinkToken:
        """Of an account whose password is ``one``."""
        vault.set_password(ACCOUNT, "one")
        named = read(PASSWORD, vault.link_token(PASSWORD, ACCOUNT, CLAIM, ms(clock)))
        assert named is not None
        return named

    def test_it_sets_a_password_once_and_in_every_process(self, vault, other, token):
        assert other.link_holds(PASSWORD, token, CLAIM)
        assert other.reset_password(token, CLAIM, "two")
        assert vault.check_password(ACCOUNT, "two")
        assert not vault.check_password(ACCOUNT, "one")
        assert not vault.link_holds(PASSWORD, token, CLAIM)
        assert not vault.reset_password(token, CLAIM, "three")
        assert vault.check_password(ACCOUNT, "two")

    def test_it_ends_every_session_of_the_account_alone(self, vault, other, token):
        mine = [vault.issue_family(ACCOUNT, "customer") for _ in range(2)]
        yours = vault.issue_family(OTHER, "customer")
        assert other.reset_password(token, CLAIM, "two")
        for grant in mine:
            with pytest.raises(TokenInvalid):
                vault.rotate(grant.token)
        assert soon(lambda: all(vault.family_revoked(grant.family) for grant in mine))
        assert not vault.family_revoked(yours.family)
        assert vault.rotate(yours.token).family == yours.family

    def test_it_is_the_same_at_every_attempt_and_says_whose_it_is(self, vault, other, token, clock):
        assert read(PASSWORD, other.link_token(PASSWORD, ACCOUNT, CLAIM, ms(clock))) == token
        assert (token.account_id, token.asked_at) == (ACCOUNT, ms(clock))
        assert token.mac not in repr(token)

    def test_two_that_were_asked_for_differ_and_hold_until_one_is_used(self, vault, token, clock):
        later = read(PASSWORD, vault.link_token(PASSWORD, ACCOUNT, CLAIM, ms(clock) + 1))
        assert later.mac != token.mac
        assert vault.link_holds(PASSWORD, later, CLAIM)
        assert vault.reset_password(token, CLAIM, "two")
        assert not vault.link_holds(PASSWORD, later, CLAIM)

    def test_it_dies_with_every_change_of_the_password(self, vault, token):
        assert vault.change_password(ACCOUNT, "one", "two", keep="")
        assert not vault.reset_password(token, CLAIM, "three")
        assert vault.check_password(ACCOUNT, "two")

    def test_the_same_password_again_is_another_one(self, vault, token):
        vault.set_password(ACCOUNT, "one")
        assert not vault.link_holds(PASSWORD, token, CLAIM)

    @pytest.mark.parametrize(
        "change",
        [
            {"account_id": OTHER},
            {"asked_at": 1_700_000_000_001},
            {"mac": "A" * 43},
        ],
    )
    def test_nothing_of_it_can_be_altered(self, vault, token, change):
        vault.set_password(OTHER, "one")
        altered = token._replace(**change)
        assert not vault.link_holds(PASSWORD, altered, CLAIM)
        assert not vault.reset_password(altered, CLAIM, "two")
        assert vault.check_password(ACCOUNT, "one")
        assert vault.check_password(OTHER, "one")

    def test_it_is_good_for_nothing_else(self, vault, token):
        assert not vault.link_holds(EMAIL, token, CLAIM)
        other = read(EMAIL, vault.link_token(EMAIL, ACCOUNT, CLAIM, token.asked_at))
        assert vault.link_holds(EMAIL, other, CLAIM)
        assert not vault.reset_password(other, CLAIM, "two")
        assert vault.check_password(ACCOUNT, "one")

    def test_it_is_of_the_address_that_its_letter_went_to(self, vault, token):
        assert not vault.link_holds(PASSWORD, token, "clm_email.another")
        assert not vault.reset_password(token, "clm_email.another", "two")
        assert vault.check_password(ACCOUNT, "one")

    def test_another_vault_makes_others(self, vault, token, tmp_path):
        elsewhere = Vault(tmp_path / "elsewhere.db")
        try:
            elsewhere._store_hash(ACCOUNT, vault._stored(ACCOUNT)[0])
            assert not elsewhere.link_holds(PASSWORD, token, CLAIM)
        finally:
            elsewhere.close()

    def test_there_is_none_without_a_password_or_with_a_newer_one(self, vault, clock):
        asked_at = ms(clock)
        assert vault.link_token(PASSWORD, ACCOUNT, CLAIM, asked_at) is None
        clock.at += 1
        vault.set_password(ACCOUNT, "one")
        assert vault.link_token(PASSWORD, ACCOUNT, CLAIM, asked_at) is None
        assert vault.link_token(PASSWORD, ACCOUNT, CLAIM, ms(clock)) is not None

    @pytest.mark.parametrize("meanwhile", ["dropped", "changed"])
    def test_what_changed_while_it_was_hashed_is_not_undone(self, vault, token, monkeypatch, meanwhile):
        real = module._HASHER

        class Slow:
            verify = staticmethod(real.verify)
            check_needs_rehash = staticmethod(real.check_needs_rehash)

            @staticmethod
            def hash(password):
                monkeypatch.setattr(module, "_HASHER", real)
                if meanwhile == "dropped":
                    vault.drop_credentials(ACCOUNT)
                else:
                    vault.set_password(ACCOUNT, "three")
                return real.hash(password)

        monkeypatch.setattr(module, "_HASHER", Slow)
        assert not vault.reset_password(token, CLAIM, "two")
        assert not vault.check_password(ACCOUNT, "two")
        assert vault.check_password(ACCOUNT, "three") == (meanwhile == "changed")

    def test_a_new_one_may_be_too_long(self, vault, token):
        with pytest.raises(Invalid):
            vault.reset_password(token, CLAIM, "x" * 2000)
        assert vault.check_password(ACCOUNT, "one")
