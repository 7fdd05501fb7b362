"""Second factors, wherever the vault is kept: ``tests/contracts/vault.py`` tells of the fixtures."""

from __future__ import annotations

import base64
import threading

import pyotp
import pytest

from commands.vault import PersonErased

WHO, OTHER = "usr_1", "usr_2"


def code(secret: str, at: float) -> str:
    """As an app would show it then."""
    return pyotp.TOTP(secret).at(int(at))


def enrolled(vault, clock, who=WHO):
    """The secret and the recovery codes of an account that has a second factor since a minute ago."""
    vault.ensure_key(who)
    secret = vault.begin_factor(who)
    codes = vault.confirm_factor(who, code(secret, clock.at))
    clock.at += 60
    return secret, codes


def _at_once(shown, vaults):
    good = []
    tries = [threading.Thread(target=lambda of=of: good.append(of.use_code(WHO, shown))) for of in vaults]
    for thread in tries:
        thread.start()
    for thread in tries:
        thread.join()
    return good


class SecondFactors:
    @pytest.mark.parametrize(
        ("at", "shown"),
        [(59, "287082"), (1_111_111_109, "081804"), (1_234_567_890, "005924"), (20_000_000_000, "353130")],
    )
    def test_codes_are_those_of_the_standard(self, vault, clock, monkeypatch, at, shown):
        """RFC 6238, appendix B: the secret of its tests, and the last six digits of what it gives."""
        monkeypatch.setattr(pyotp, "random_base32", lambda: base64.b32encode(b"12345678901234567890").decode())
        vault.ensure_key(WHO)
        vault.begin_factor(WHO)
        clock.at = at
        assert vault.confirm_factor(WHO, shown)

    def test_nothing_is_asked_for_until_a_code_was_right(self, vault, other, clock):
        vault.ensure_key(WHO)
        secret = vault.begin_factor(WHO)
        assert vault.factor_of(WHO) is None
        wrong = f"{(int(code(secret, clock.at)) + 1) % 1_000_000:06}"
        assert vault.confirm_factor(WHO, wrong) is None
        assert other.factor_of(WHO) is None
        assert not vault.use_code(WHO, code(secret, clock.at)), "one that is only begun is good for nothing"
        assert len(set(other.confirm_factor(WHO, code(secret, clock.at)) or [])) == 10
        assert vault.factor_of(WHO) == (int(clock.at), 10)
        assert vault.factor_of(OTHER) is None

    def test_one_that_is_begun_anew_takes_the_place_of_the_one_before(self, vault, clock):
        vault.ensure_key(WHO)
        first, second = vault.begin_factor(WHO), vault.begin_factor(WHO)
        assert vault.confirm_factor(WHO, code(first, clock.at)) is None
        assert vault.confirm_factor(WHO, code(second, clock.at))

    def test_what_is_confirmed_stays_until_it_is_dropped(self, vault, clock):
        secret, _ = enrolled(vault, clock)
        assert vault.begin_factor(WHO) is None
        assert vault.confirm_factor(WHO, code(secret, clock.at)) is None
        assert vault.use_code(WHO, code(secret, clock.at))

    def test_a_code_works_once_whoever_asks(self, vault, other, clock):
        secret, _ = enrolled(vault, clock)
        assert other.use_code(WHO, code(secret, clock.at))
        assert not vault.use_code(WHO, code(secret, clock.at))
        assert not vault.use_code(WHO, code(secret, clock.at - 30)), "nor one from before it"
        assert vault.use_code(WHO, code(secret, clock.at + 30))
        assert not other.use_code(WHO, code(secret, clock.at)), "a later one has been used"

    def test_the_code_that_confirmed_it_is_used(self, vault, clock):
        secret, _ = enrolled(vault, clock)
        clock.at -= 60
        assert not vault.use_code(WHO, code(secret, clock.at))

    @pytest.mark.parametrize(("off", "good"), [(-60, False), (-30, True), (0, True), (30, True), (60, False)])
    def test_a_clock_may_be_one_step_off(self, vault, clock, off, good):
        secret, _ = enrolled(vault, clock)
        clock.at += 600
        assert vault.use_code(WHO, code(secret, clock.at + off)) is good

    def test_blanks_do_not_matter_and_nothing_else_is_a_code(self, vault, clock):
        secret, _ = enrolled(vault, clock)
        shown = code(secret, clock.at)
        for wrong in ("", "1", shown[:5], shown + "0", "١٢٣٤٥٦", "-" + shown[1:], "\ud800", "a" * 5_000):
            assert not vault.use_code(WHO, wrong)
        assert vault.use_code(WHO, f"{shown[:3]} {shown[3:]}")

    def test_of_many_at_once_one_gets_through(self, vault, other, clock):
        secret, codes = enrolled(vault, clock)
        for shown in (code(secret, clock.at), codes[0]):
            good = _at_once(shown, (vault, other) * 4)
            assert sorted(good) == [False] * 7 + [True]

    def test_a_recovery_code_works_once_in_every_spelling(self, vault, other, clock):
        _, codes = enrolled(vault, clock)
        assert other.use_code(WHO, codes[0].upper().replace("-", " "))
        assert not vault.use_code(WHO, codes[0])
        assert vault.factor_of(WHO).recovery_left == 9
        assert vault.use_code(WHO, codes[1].replace("-", ""))
        enrolled(vault, clock, OTHER)
        assert not vault.use_code(OTHER, codes[2]), "they are one account's own"

    def test_other_recovery_codes_void_those_before(self, vault, other, clock):
        secret, codes = enrolled(vault, clock)
        assert vault.use_code(WHO, codes[0])
        drawn = other.redraw_recovery(WHO, code(secret, clock.at))
        assert len(set(drawn) - set(codes)) == 10
        assert vault.factor_of(WHO).recovery_left == 10
        assert not vault.use_code(WHO, codes[1])
        assert not vault.use_code(WHO, code(secret, clock.at)), "what the app showed is used"
        assert vault.use_code(WHO, drawn[9])

    def test_only_what_the_app_shows_draws_others(self, vault, clock):
        secret, codes = enrolled(vault, clock)
        used = code(secret, clock.at)
        assert vault.use_code(WHO, used)
        for wrong in (used, codes[0], "", "000000x"):
            assert vault.redraw_recovery(WHO, wrong) is None
        assert vault.redraw_recovery(OTHER, used) is None
        assert vault.use_code(WHO, codes[0]), "and nothing was done"
        vault.ensure_key(OTHER)
        begun = vault.begin_factor(OTHER)
        assert vault.redraw_recovery(OTHER, code(begun, clock.at)) is None, "one that is only begun has none"

    def test_what_was_dropped_is_gone(self, vault, other, clock):
        secret, codes = enrolled(vault, clock)
        assert other.drop_factor(WHO)
        assert not vault.drop_factor(WHO)
        assert vault.factor_of(WHO) is None
        assert not vault.use_code(WHO, code(secret, clock.at))
        assert not vault.use_code(WHO, codes[0])
        begun = vault.begin_factor(WHO)
        assert begun not in (None, secret)
        assert not vault.drop_factor(WHO), "one that was only begun was none"
        assert vault.confirm_factor(WHO, code(begun, clock.at)) is None

    def test_a_new_password_leaves_it(self, vault, clock):
        vault.set_password(WHO, "correct horse")
        enrolled(vault, clock)
        assert vault.change_password(WHO, "correct horse", "another horse", keep="")
        vault.set_password(WHO, "a third horse")
        assert vault.factor_of(WHO).recovery_left == 10

    def test_an_erased_person_has_none(self, vault, clock, value):
        enrolled(vault, clock)
        vault.destroy_key(WHO)
        assert vault.left_of([WHO]) == [WHO]
        vault.drop_credentials(WHO)
        assert vault.left_of([WHO]) == []
        assert vault.factor_of(WHO) is None
        assert value("SELECT count(*) FROM second_factors") == 0
        assert value("SELECT count(*) FROM recovery_codes") == 0
        with pytest.raises(PersonErased):
            vault.begin_factor(WHO)

    def test_without_the_key_no_code_is_right(self, vault, clock):
        secret, _ = enrolled(vault, clock)
        vault.destroy_key(WHO)
        assert not vault.use_code(WHO, code(secret, clock.at))

    def test_neither_secret_nor_codes_are_kept_in_the_open(self, vault, clock, value):
        secret, codes = enrolled(vault, clock)
        assert secret.encode() not in bytes(value("SELECT sealed FROM second_factors"))
        assert len(value("SELECT digest FROM recovery_codes")) == 32
        assert codes[0].encode() not in bytes(value("SELECT digest FROM recovery_codes LIMIT 1"))
