"""A forgotten password: that asking tells nobody who has an account, and what a letter's token is good for."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from commands.context import system_context
from commands.errors import StorageUnavailable
from commands.mapper import recorded
from domain.buyers.account import EraseAccount, PasswordChanged
from domain.buyers.confirmation import EmailConfirmed
from domain.buyers.reset import AGAIN_MS, VALID_MS, ResetAsked, reset_of
from domain.ids import claim_id
from readapi.edge.ratelimit import POLICIES, Policy
from streams.processes.erasure import erase
from tests.writeapi.conftest import ADA, GRACE, House, Person
from tests.writeapi.refusals import pointers, refused
from tests.writeapi.resets import NEW, complete, token_of

LETTERS = POLICIES["letters"].quota
AT = 1_800_000_000_000
pytestmark = pytest.mark.usefixtures("letters")


async def ask(house: House, email: str) -> httpx.Response:
    return await house.http.post("/api/auth/password-resets", json={"email": email})


async def events(house: House) -> list[Any]:
    return [recorded(row).event for row in await house.log.read(0, 100)]


# asking


async def test_asking_is_the_same_whoever_has_the_address(house: House) -> None:
    house.now = AT
    await house.person()
    before = await house.log.head()
    answers = [await ask(house, email) for email in (ADA["email"], "nobody@example.com")]
    assert [answer.status_code for answer in answers] == [202, 202]
    assert [answer.json() for answer in answers] == [{"position": str(before + 1)}, {"position": str(before + 2)}]
    kept = ("date", "traceparent", "kontor-position", "ratelimit")
    same = [{name: value for name, value in answer.headers.items() if name not in kept} for answer in answers]
    assert same[0] == same[1]
    left = [recorded(row) for row in await house.log.read(before, 10)]
    assert [row.event for row in left] == [ResetAsked(AT), ResetAsked(AT)]
    lookups = [house.vault.email_lookup(email) for email in (ADA["email"], "nobody@example.com")]
    assert [row.stream for row in left] == [reset_of(lookup) for lookup in lookups]
    assert {row.meta.actor for row in left} == {"anonymous"}


async def test_nobody_is_looked_up_when_somebody_asks(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """So no difference can be measured, however exactly."""
    await house.person()

    async def looked(*_: Any, **__: Any) -> Any:
        raise AssertionError("somebody looked")

    monkeypatch.setattr(house.engine, "state", looked)
    monkeypatch.setattr(house.engine, "load", looked)
    monkeypatch.setattr(house.vault.store, "rows", lambda *_: (_ for _ in ()).throw(AssertionError("looked")))
    for email in (ADA["email"], "nobody@example.com"):
        assert (await ask(house, email)).status_code == 202


async def test_every_spelling_of_an_address_is_one_and_twice_in_a_minute_is_once(house: House) -> None:
    house.now = AT
    for email in (ADA["email"], f"  {ADA['email'].upper()} ", ADA["email"]):
        assert (await ask(house, email)).status_code == 202
    assert await events(house) == [ResetAsked(AT)]
    house.now += AGAIN_MS
    await ask(house, ADA["email"])
    assert await events(house) == [ResetAsked(AT), ResetAsked(AT + AGAIN_MS)]


@pytest.mark.parametrize("email", ["nobody", "a@b@c", "ada@", "ada\u0000@example.com", 7, None])
async def test_what_is_no_address_is_refused(house: House, email: Any) -> None:
    assert pointers(refused(await ask(house, email), 422, "validation_failed")) == ["#/email"]
    assert await house.log.head() == 0


async def test_a_shop_without_letters_says_so_whatever_the_address(house: House) -> None:
    await house.person()
    house.app.state.services.letters_with_links = False
    before = await house.log.head()
    refusals = [
        refused(await ask(house, email), 409, "illegal_transition") for email in (ADA["email"], "no@example.com")
    ]
    assert {**refusals[0], "traceId": ""} == {**refusals[1], "traceId": ""}
    assert "sends no links" in refusals[0]["detail"]
    assert await house.log.head() == before


async def test_an_address_is_written_to_only_so_often(house: House) -> None:
    for email in (ADA["email"], "nobody@example.com"):
        for _ in range(LETTERS):
            assert (await ask(house, email)).status_code == 202
        limited = await ask(house, email.upper())
        assert refused(limited, 429, "rate_limited")["policy"] == "letters"
        assert int(limited.headers["retry-after"]) > 0


@pytest.mark.parametrize("house", [{"asking": Policy(3, 600)}], indirect=True)
async def test_one_client_may_not_ask_for_everybody(house: House) -> None:
    for number in range(3):
        assert (await ask(house, f"{number}@example.com")).status_code == 202
    assert refused(await ask(house, "4@example.com"), 429, "rate_limited")["policy"] == "asking"


async def test_what_is_asked_says_nothing_of_a_person(house: House) -> None:
    await ask(house, ADA["email"])
    assert ADA["email"].lower().encode() not in house.on_disk().lower()


# setting a new one


async def test_a_letters_token_sets_a_new_password_once(house: House) -> None:
    ada = await house.person()
    token = token_of(house, ada)
    answer = await complete(house, token)
    assert (answer.status_code, answer.content) == (204, b"")
    refused(await house.sign_in(ADA["email"], ADA["password"]), 401, "unauthenticated")
    assert (await house.sign_in(ADA["email"], NEW)).status_code == 200
    assert pointers(refused(await complete(house, token, "yet another one"), 422, "validation_failed")) == ["#/token"]
    assert (await house.sign_in(ADA["email"], NEW)).status_code == 200


async def test_every_session_ends(house: House) -> None:
    ada = await house.person()
    other = Person(house, ada.user_id, (await house.sign_in(ADA["email"], ADA["password"])).json())
    grace = await house.person(GRACE)
    assert (await complete(house, token_of(house, ada))).status_code == 204
    for person in (ada, other):
        refused(await person.call("GET", "/api/me"), 401, "unauthenticated")
        refused(await house.refresh(person.tokens["refresh_token"]), 401, "unauthenticated")
    assert (await grace.call("GET", "/api/me")).status_code == 200


async def test_tokens_that_set_nothing_are_all_told_the_same(house: House) -> None:
    house.now = AT
    ada = await house.person()
    used, grace = token_of(house, ada), await house.person(GRACE)
    assert (await complete(house, used)).status_code == 204
    good = token_of(house, ada)
    altered = good[:-2] + ("AA" if not good.endswith("AA") else "BB")
    of_nobody = good.replace(ada.user_id[4:], "01" + "0" * 24)
    of_another = good.replace(ada.user_id[4:], grace.user_id[4:])
    house.now = AT + VALID_MS + 1
    too_old = token_of(house, ada, AT)
    refusals = []
    for token in (used, altered, of_nobody, of_another, too_old, "kpr_invented", "x"):
        problem = refused(await complete(house, token), 422, "validation_failed")
        refusals.append({**problem, "traceId": ""})
        assert token not in str(problem) or token == "x"
    assert [one for one in refusals if one != refusals[0]] == []
    assert (await house.sign_in(ADA["email"], NEW)).status_code == 200


async def test_a_token_works_for_half_an_hour(house: House) -> None:
    house.now = AT
    ada = await house.person()
    token = token_of(house, ada)
    house.now = AT + VALID_MS
    assert (await complete(house, token)).status_code == 204


@pytest.mark.parametrize("new", ["short", "x" * 201, "\u0390" * 200 + "x", ADA["email"].upper(), 12345678, None])
async def test_a_new_password_keeps_the_rules_of_a_first_one(house: House, new: Any) -> None:
    ada = await house.person()
    token = token_of(house, ada)
    assert pointers(refused(await complete(house, token, new), 422, "validation_failed")) == ["#/newPassword"]
    assert (await ada.call("GET", "/api/me")).status_code == 200
    assert (await complete(house, token)).status_code == 204, "the token still works"


async def test_of_many_who_use_one_token_at_once_one_does(house: House) -> None:
    ada = await house.person()
    token = token_of(house, ada)
    answers = await asyncio.gather(*(complete(house, token, f"{NEW} {number}") for number in range(4)))
    assert sorted(answer.status_code for answer in answers) == [204, 422, 422, 422]
    [right] = [number for number, answer in enumerate(answers) if answer.status_code == 204]
    assert (await house.sign_in(ADA["email"], f"{NEW} {right}")).status_code == 200


async def test_whoever_was_kept_out_by_anothers_guesses_is_let_in(house: House) -> None:
    ada = await house.person()
    for number in range(POLICIES["login"].quota):
        refused(await house.sign_in(ADA["email"], f"wrong {number}"), 401, "unauthenticated")
    refused(await house.sign_in(ADA["email"], ADA["password"]), 429, "rate_limited")
    refused(await complete(house, "kpr_invented"), 422, "validation_failed")
    refused(await house.sign_in(ADA["email"], ADA["password"]), 429, "rate_limited")
    assert (await complete(house, token_of(house, ada))).status_code == 204
    assert (await house.sign_in(ADA["email"], NEW)).status_code == 200


@pytest.mark.parametrize("house", [{"guesses": Policy(3, 60)}], indirect=True)
async def test_tokens_cannot_be_tried_out(house: House) -> None:
    ada = await house.person()
    for _ in range(3):
        refused(await complete(house, "kpr_invented"), 422, "validation_failed")
    limited = await complete(house, token_of(house, ada))
    assert refused(limited, 429, "rate_limited")["policy"] == "guesses"


async def test_whoever_was_erased_gets_nothing(house: House) -> None:
    ada = await house.person()
    token = token_of(house, ada)
    await house.engine.submit(EraseAccount(ada.user_id), system_context("test", house.clock()))
    refused(await complete(house, token), 422, "validation_failed")
    await erase(house.engine, house.vault, ada.user_id, system_context("test", house.clock()))
    refused(await complete(house, token), 422, "validation_failed")
    assert house.vault.left_of([ada.user_id]) == []


async def test_neither_token_nor_password_is_kept_anywhere(house: House, caplog: pytest.LogCaptureFixture) -> None:
    ada = await house.person()
    await ask(house, ADA["email"])
    token = token_of(house, ada)
    assert (await complete(house, token)).status_code == 204
    refused(await complete(house, token, "yet another secret"), 422, "validation_failed")
    on_disk = house.on_disk()
    assert token.encode() not in on_disk
    assert token[-43:].encode() not in on_disk
    assert NEW.encode() not in on_disk
    assert token[-43:] not in caplog.text


# the owner hears of it


async def test_every_change_of_a_password_is_noted_for_its_owner(house: House) -> None:
    ada = await house.person()
    body = {"currentPassword": ADA["password"], "newPassword": NEW}
    assert (await ada.call("PUT", "/api/me/password", body)).status_code == 204
    assert (await complete(house, token_of(house, ada), ADA["password"])).status_code == 204
    noted = [recorded(row) for row in await house.log.read_stream(ada.user_id)][2:]
    claim = claim_id("email", house.vault.email_lookup(ADA["email"]))
    assert [row.event for row in noted] == [PasswordChanged(), PasswordChanged(), EmailConfirmed(claim)]
    assert {row.meta.actor for row in noted} == {ada.user_id}


async def test_a_log_that_is_away_hides_from_nobody_that_the_password_changed(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = await house.person()
    token = token_of(house, ada)

    async def away(*_: Any, **__: Any) -> Any:
        raise StorageUnavailable("away")

    monkeypatch.setattr(house.engine, "submit", away)
    assert (await complete(house, token)).status_code == 204
    assert house.vault.check_password(ada.user_id, NEW)
