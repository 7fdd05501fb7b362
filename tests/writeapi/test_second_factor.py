"""A second factor, from its secret to a sign-in with a code, and out of it again."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import httpx
import pyotp
import pytest

from commands.context import system_context
from commands.mapper import recorded
from domain.buyers.secondfactor import RecoveryCodesDrawn, SecondFactorAdded, SecondFactorRemoved
from domain.errors import IllegalTransition, NotFound
from readapi.edge.ratelimit import Policy
from streams.processes.erasure import erase
from tests.writeapi.conftest import ADA, GRACE, House, Person
from tests.writeapi.refusals import pointers, refused
from tests.writeapi.resets import complete, token_of
from writeapi.accounts import scopes
from writeapi.accounts.secondfactor import Rules, remove_lost

AT = 1_800_000_000
EMAIL, PASSWORD = ADA["email"], ADA["password"]
NEEDED = "second_factor_required"


@dataclass
class Enrolled:
    """Who has a second factor, and the app that shows its codes."""

    house: House
    person: Person
    secret: str
    recovery: list[str]
    at: int = AT

    def later(self, seconds: int = 60) -> Enrolled:
        self.at += seconds
        self.house.vault._now = lambda: self.at
        return self

    @property
    def code(self) -> str:
        return pyotp.TOTP(self.secret).at(self.at)

    async def enter(self, otp: str = "", password: str = PASSWORD) -> httpx.Response:
        return await self.house.sign_in(EMAIL, password, otp)


async def begun(person: Person, password: str = PASSWORD) -> dict[str, Any]:
    answer = await person.call("POST", "/api/me/second-factor", {"currentPassword": password})
    assert answer.status_code == 201, answer.text
    assert answer.headers["cache-control"] == "no-store"
    return dict(answer.json())


async def confirm(person: Person, code: str) -> httpx.Response:
    return await person.call("POST", "/api/me/second-factor/confirm", {"code": code})


async def remove(person: Person, code: str, password: str = PASSWORD) -> httpx.Response:
    return await person.call("POST", "/api/me/second-factor/remove", {"currentPassword": password, "code": code})


async def state_of(person: Person) -> dict[str, Any]:
    answer = await person.call("GET", "/api/me/second-factor")
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    return dict(answer.json())


@pytest.fixture
async def ada(house: House) -> Enrolled:
    """Since a minute ago."""
    house.vault._now = lambda: AT
    person = await house.person()
    secret = (await begun(person))["secret"]
    answer = await confirm(person, pyotp.TOTP(secret).at(AT))
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    return Enrolled(house, person, secret, answer.json()["recoveryCodes"]).later()


async def noted(house: House, person: Person) -> list[Any]:
    return [recorded(row).event for row in await house.log.read_stream(person.user_id)][1:]


def wrong(answer: httpx.Response) -> list[str]:
    """Where a body is."""
    return pointers(refused(answer, 422, "validation_failed"))


# how it comes


async def test_a_secret_is_shown_as_text_link_and_picture(house: House) -> None:
    person = await house.person()
    secret = await begun(person)
    parsed = pyotp.parse_uri(secret["uri"])
    assert isinstance(parsed, pyotp.TOTP)
    assert (parsed.secret, parsed.issuer, parsed.name) == (secret["secret"], "Nordwald", "Ada.Lovelace@example.com")
    assert len(secret["secret"]) == 32
    assert re.fullmatch(r'<svg viewBox="0 0 (\d+) \1"><path stroke="#000" d="[Mmh0-9. -]+"/></svg>', secret["qrCode"])
    assert secret["secret"] not in str(await state_of(person))


async def test_it_asks_for_nothing_until_a_code_came(house: House) -> None:
    person = await house.person()
    await begun(person)
    assert await state_of(person) == {"active": False, "since": None, "recoveryCodesLeft": 0}
    assert (await house.sign_in(EMAIL, PASSWORD)).status_code == 200
    assert wrong(await confirm(person, "no code")) == ["#/code"]
    assert (await house.sign_in(EMAIL, PASSWORD)).status_code == 200
    assert await noted(house, person) == []


async def test_it_takes_the_password(house: House) -> None:
    person = await house.person()
    answer = await person.call("POST", "/api/me/second-factor", {"currentPassword": "guessed"})
    assert wrong(answer) == ["#/currentPassword"]
    assert wrong(await confirm(person, "123456")) == ["#/code"], "nothing was begun"


async def test_once_confirmed_it_is_told_and_other_sessions_end(house: House) -> None:
    house.vault._now = lambda: AT
    person, other = await house.person(), Person(house, "", (await house.sign_in(EMAIL, PASSWORD)).json())
    secret = (await begun(person))["secret"]
    codes = (await confirm(person, pyotp.TOTP(secret).at(AT))).json()["recoveryCodes"]
    assert len(set(codes)) == 10
    assert all(re.fullmatch("([a-z2-7]{4}-){3}[a-z2-7]{4}", code) for code in codes)
    assert await state_of(person) == {"active": True, "since": "2027-01-15T08:00:00.000Z", "recoveryCodesLeft": 10}
    assert await noted(house, person) == [SecondFactorAdded()]
    refused(await other.call("GET", "/api/me"), 401, "unauthenticated")


async def test_there_is_one_at_a_time(ada: Enrolled) -> None:
    again = await ada.person.call("POST", "/api/me/second-factor", {"currentPassword": PASSWORD})
    refused(again, 409, "illegal_transition")
    assert wrong(await confirm(ada.person, ada.code)) == ["#/code"]
    assert (await ada.enter(ada.code)).status_code == 200


# signing in


async def test_the_right_password_alone_is_told_that_a_code_is_needed(ada: Enrolled) -> None:
    answer = await ada.enter()
    assert "otp" in refused(answer, 401, NEEDED)["detail"]
    assert answer.headers["www-authenticate"]
    assert (await ada.enter(ada.code)).status_code == 200


async def test_a_wrong_password_is_told_nothing_of_it(ada: Enrolled) -> None:
    for otp in ("", ada.code):
        refused(await ada.enter(otp, "guessed"), 401, "unauthenticated")
    assert (await ada.enter(ada.code)).status_code == 200, "a code beside a wrong password is not used up"


async def test_a_code_signs_in_once(ada: Enrolled) -> None:
    assert (await ada.enter(ada.code)).status_code == 200
    assert "used before" in refused(await ada.enter(ada.code), 401, NEEDED)["detail"]
    assert (await ada.later(30).enter(ada.code)).status_code == 200


@pytest.mark.parametrize(("off", "status"), [(-60, 401), (-30, 200), (30, 200), (60, 401)])
async def test_a_telephone_may_be_half_a_minute_off(ada: Enrolled, off: int, status: int) -> None:
    ada.later(600)
    assert (await ada.enter(pyotp.TOTP(ada.secret).at(ada.at + off))).status_code == status


async def test_a_recovery_code_signs_in_once(ada: Enrolled) -> None:
    first = await ada.enter(ada.recovery[0].upper())
    assert first.status_code == 200
    refused(await ada.enter(ada.recovery[0]), 401, NEEDED)
    assert (await state_of(Person(ada.house, "", first.json())))["recoveryCodesLeft"] == 9


async def test_it_may_be_sent_as_json_and_must_be_a_text(ada: Enrolled) -> None:
    body = {"grant_type": "password", "username": EMAIL, "password": PASSWORD}
    assert (await ada.house.http.post("/api/auth/token", json={**body, "otp": ada.code})).status_code == 200
    assert wrong(await ada.house.http.post("/api/auth/token", json={**body, "otp": 123456})) == ["#/otp"]


async def test_a_session_goes_on_without_a_code(ada: Enrolled) -> None:
    assert (await ada.house.refresh(ada.person.tokens["refresh_token"])).status_code == 200


async def test_who_has_none_need_send_none(house: House) -> None:
    await house.person(GRACE)
    assert (await house.sign_in(GRACE["email"], GRACE["password"], "123456")).status_code == 200


# guessing


@pytest.mark.parametrize("house", [{"login": Policy(3, 60)}], indirect=True)
async def test_a_missing_code_costs_as_a_wrong_password_does(ada: Enrolled) -> None:
    for _ in range(3):
        refused(await ada.enter(), 401, NEEDED)
    assert refused(await ada.enter(ada.code), 429, "rate_limited")["policy"] == "login"


@pytest.mark.parametrize("house", [{"guesses": Policy(3, 60)}], indirect=True)
async def test_wrong_codes_count_against_the_client(ada: Enrolled) -> None:
    for _ in range(3):
        refused(await ada.enter("000000"), 401, NEEDED)
    assert refused(await ada.enter(ada.code), 429, "rate_limited")["policy"] == "guesses"


@pytest.mark.parametrize("house", [{"codes": Policy(3, 3_600)}], indirect=True)
async def test_wrong_codes_count_against_the_account_for_an_hour(ada: Enrolled) -> None:
    for _ in range(5):
        refused(await ada.enter(), 401, NEEDED)
    for _ in range(3):
        refused(await ada.enter("000000"), 401, NEEDED)
    assert refused(await ada.enter(ada.code), 429, "rate_limited")["policy"] == "codes"
    assert refused(await remove(ada.person, ada.code), 429, "rate_limited")["policy"] == "codes"
    refused(await ada.enter(password="guessed"), 401, "unauthenticated")


@pytest.mark.parametrize("house", [{"codes": Policy(3, 3_600)}], indirect=True)
async def test_right_codes_cost_nothing(ada: Enrolled) -> None:
    for _ in range(5):
        assert (await ada.later(30).enter(ada.code)).status_code == 200


# other recovery codes


async def redraw(person: Person, code: str) -> httpx.Response:
    return await person.call("POST", "/api/me/second-factor/recovery-codes", {"code": code})


async def test_other_recovery_codes_are_told_once_and_void_those_before(ada: Enrolled) -> None:
    assert (await ada.enter(ada.recovery[0])).status_code == 200
    answer = await redraw(ada.person, ada.code)
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    drawn = answer.json()["recoveryCodes"]
    assert len(set(drawn) - set(ada.recovery)) == 10
    assert (await state_of(ada.person))["recoveryCodesLeft"] == 10
    assert await noted(ada.house, ada.person) == [SecondFactorAdded(), RecoveryCodesDrawn()]
    refused(await ada.enter(ada.recovery[1]), 401, NEEDED)
    assert (await ada.enter(drawn[0])).status_code == 200
    assert wrong(await redraw(ada.person, ada.code)) == ["#/code"], "a code works once"


async def test_a_recovery_code_draws_no_others(ada: Enrolled) -> None:
    assert wrong(await redraw(ada.person, ada.recovery[0])) == ["#/code"]
    assert (await ada.enter(ada.recovery[0])).status_code == 200


async def test_without_a_second_factor_there_are_none(house: House) -> None:
    person = await house.person()
    await begun(person)
    refused(await redraw(person, "000000"), 409, "illegal_transition")


@pytest.mark.parametrize("house", [{"codes": Policy(3, 3_600)}], indirect=True)
async def test_codes_cannot_be_tried_out_there_either(ada: Enrolled) -> None:
    for _ in range(3):
        assert wrong(await redraw(ada.person, "000000")) == ["#/code"]
    assert refused(await redraw(ada.person, ada.code), 429, "rate_limited")["policy"] == "codes"


# how it goes


async def test_removing_it_takes_password_and_code(ada: Enrolled) -> None:
    assert wrong(await remove(ada.person, ada.code, "guessed")) == ["#/currentPassword"]
    assert wrong(await remove(ada.person, "000000")) == ["#/code"]
    assert (await state_of(ada.person))["active"]
    assert (await remove(ada.person, ada.code)).status_code == 204
    assert not (await state_of(ada.person))["active"]
    assert (await ada.enter()).status_code == 200
    assert await noted(ada.house, ada.person) == [SecondFactorAdded(), SecondFactorRemoved()]
    refused(await remove(ada.person, ada.code), 409, "illegal_transition")


async def test_a_recovery_code_removes_it_and_the_others_are_void(ada: Enrolled) -> None:
    assert (await remove(ada.person, ada.recovery[0])).status_code == 204
    secret = (await begun(ada.person))["secret"]
    assert secret != ada.secret
    assert (await confirm(ada.person, pyotp.TOTP(secret).at(ada.at))).status_code == 200
    refused(await ada.enter(ada.recovery[1]), 401, NEEDED)


async def test_a_password_set_by_a_letter_leaves_it(ada: Enrolled) -> None:
    token = token_of(ada.house, ada.person, ada.at * 1000)
    ada.house.now = ada.at * 1000
    assert (await complete(ada.house, token, "another horse battery")).status_code == 204
    refused(await ada.enter("", "another horse battery"), 401, NEEDED)
    assert (await ada.enter(ada.code, "another horse battery")).status_code == 200


async def test_who_runs_the_shop_takes_it_from_who_lost_it(ada: Enrolled) -> None:
    house = ada.house
    await house.person(GRACE)
    by = system_context("cli", house.clock())
    assert await remove_lost(house.engine, house.vault, EMAIL, by) == ada.person.user_id
    assert (await ada.enter()).status_code == 200
    assert (await noted(house, ada.person))[-1] == SecondFactorRemoved()
    with pytest.raises(IllegalTransition):
        await remove_lost(house.engine, house.vault, GRACE["email"], by)
    with pytest.raises(NotFound):
        await remove_lost(house.engine, house.vault, "nobody@example.com", by)


async def test_an_erasure_leaves_nothing_of_it(ada: Enrolled) -> None:
    house = ada.house
    await erase(house.engine, house.vault, ada.person.user_id, system_context("test", house.clock()))
    for table in ("second_factors", "recovery_codes"):
        assert house.vault.store.rows(f"SELECT count(*) FROM {table}") == [(0,)]
    refused(await ada.enter(ada.code), 401, "unauthenticated")


async def test_neither_log_nor_vault_has_it_in_the_open(
    ada: Enrolled, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    code = ada.code
    assert (await ada.enter("000000")).status_code == 401
    assert (await ada.enter(code)).status_code == 200
    said = caplog.text + "".join(capsys.readouterr())
    stored = ada.house.on_disk()
    for secret in (ada.secret, *ada.recovery, ada.recovery[0].replace("-", "")):
        assert secret.encode() not in stored
        assert secret not in said
    assert code not in said


# administrators


async def test_a_shop_may_want_one_of_its_administrators(house: House) -> None:
    house.vault._now = lambda: AT
    house.app.state.services.second_factors = Rules("Nordwald", of_administrators=True)
    person = await house.person()
    await scopes.give(house.engine, house.vault, EMAIL, "admin", system_context("cli", house.clock()))
    tokens = (await house.sign_in(EMAIL, PASSWORD)).json()
    assert tokens["scope"] == "customer", "an administrator is none until there is one"
    person = Person(house, person.user_id, tokens)
    secret = (await begun(person))["secret"]
    assert (await confirm(person, pyotp.TOTP(secret).at(AT))).status_code == 200
    renewed = (await house.refresh(tokens["refresh_token"])).json()
    assert renewed["scope"] == "customer admin"
    house.vault._now = lambda: AT + 60
    assert (await remove(Person(house, "", renewed), pyotp.TOTP(secret).at(AT + 60))).status_code == 204
    assert (await house.refresh(renewed["refresh_token"])).json()["scope"] == "customer"
