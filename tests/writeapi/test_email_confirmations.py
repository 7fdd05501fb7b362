"""The letter that confirms an address: how often it may be asked for, and what its token is good for."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from commands.context import system_context
from commands.linktokens import CONFIRMATION, EMAIL
from commands.mapper import recorded
from domain.buyers.account import AccountRegistered, EraseAccount
from domain.buyers.confirmation import AGAIN_MS, VALID_MS, EmailConfirmationAsked, EmailConfirmed
from domain.ids import claim_id
from readapi.edge.ratelimit import POLICIES, Policy
from tests.writeapi.conftest import ADA, GRACE, House, Person
from tests.writeapi.refusals import pointers, refused

AT = 1_800_000_000_000
pytestmark = pytest.mark.usefixtures("letters")


async def confirm(house: House, token: str) -> httpx.Response:
    return await house.http.post("/api/auth/email-confirmations/complete", json={"token": token})


async def ask(person: Person) -> httpx.Response:
    return await person.call("POST", "/api/me/email-confirmations")


def token_of(house: House, person: Person, email: str = ADA["email"], asked_at: int | None = None) -> str:
    """What a letter would bring."""
    claim = claim_id("email", house.vault.email_lookup(email))
    at = house.clock() if asked_at is None else asked_at
    token = house.vault.link_token(CONFIRMATION, person.user_id, claim, at)
    assert token is not None
    return token


async def events_of(house: House, person: Person) -> list[Any]:
    return [recorded(row).event for row in await house.log.read_stream(person.user_id)]


async def test_the_registration_itself_asks_for_the_letter(house: House) -> None:
    key = {"Idempotency-Key": "once"}
    answer = await house.register(ADA, **key)
    again = await house.register(ADA, **key)
    assert (answer.status_code, again.json()) == (201, answer.json())
    events = [recorded(row).event for row in await house.log.read_stream(answer.json()["userId"])]
    assert [type(event) for event in events] == [AccountRegistered, EmailConfirmationAsked]
    rows = await house.log.read(0, 100)
    assert rows[-1].stream == answer.json()["userId"]


async def test_it_can_be_asked_for_again_after_a_minute(house: House) -> None:
    house.now = AT
    ada = await house.person()
    for _ in range(2):
        assert (await ask(ada)).status_code == 202
    house.now += AGAIN_MS
    assert (await ask(ada)).status_code == 202
    asked = [event.at for event in await events_of(house, ada) if isinstance(event, EmailConfirmationAsked)]
    assert asked == [AT, AT + AGAIN_MS]


async def test_an_address_is_written_to_only_so_often(house: House) -> None:
    ada = await house.person()
    for _ in range(POLICIES["letters"].quota - 1):  # the sign-up was one
        assert (await ask(ada)).status_code == 202
    assert refused(await ask(ada), 429, "rate_limited")["policy"] == "letters"


@pytest.mark.parametrize("house", [{"welcome": Policy(1, 600)}], indirect=True)
async def test_whoever_signs_up_beyond_the_quota_is_let_in_without_a_letter(house: House) -> None:
    ada, grace = await house.person(), await house.person(GRACE)
    assert len(await events_of(house, ada)) == 2
    assert len(await events_of(house, grace)) == 1
    assert (await ask(grace)).status_code == 202
    assert len(await events_of(house, grace)) == 2


async def test_a_token_confirms_without_a_session_and_again_does_nothing(house: House) -> None:
    ada = await house.person()
    assert not (await ada.me())["emailConfirmed"]
    token = token_of(house, ada)
    for _ in range(2):
        answer = await confirm(house, token)
        assert (answer.status_code, answer.content) == (204, b"")
    assert (await events_of(house, ada))[-1:] == [
        EmailConfirmed(claim_id("email", house.vault.email_lookup(ADA["email"])))
    ]
    assert (await ada.me())["emailConfirmed"]
    refused(await ask(ada), 409, "illegal_transition")


async def test_tokens_that_confirm_nothing_are_all_told_the_same(house: House) -> None:
    house.now = AT
    ada = await house.person()
    good = token_of(house, ada, asked_at=AT)
    other = house.vault.link_token(EMAIL, ada.user_id, claim_id("email", house.vault.email_lookup(ADA["email"])), AT)
    assert other is not None
    altered = good[:-2] + ("AA" if not good.endswith("AA") else "BB")
    house.now = AT + VALID_MS + 1
    answers = []
    for token in (altered, other, other.replace("kem", "kec"), good, "kec_invented"):
        answers.append({**refused(await confirm(house, token), 422, "validation_failed"), "traceId": ""})
    assert [one for one in answers if one != answers[0]] == []
    house.now = AT + VALID_MS
    assert (await confirm(house, good)).status_code == 204


async def test_a_changed_password_ends_it(house: House) -> None:
    ada = await house.person()
    token = token_of(house, ada)
    body = {"currentPassword": ADA["password"], "newPassword": "another horse battery"}
    assert (await ada.call("PUT", "/api/me/password", body)).status_code == 204
    assert pointers(refused(await confirm(house, token), 422, "validation_failed")) == ["#/token"]
    assert not (await ada.me())["emailConfirmed"], "to know the password proves no address"


async def test_an_erased_account_confirms_nothing(house: House) -> None:
    ada = await house.person()
    token = token_of(house, ada)
    await house.engine.submit(EraseAccount(ada.user_id), system_context("test", house.clock()))
    refused(await confirm(house, token), 422, "validation_failed")


@pytest.mark.parametrize("house", [{"guesses": Policy(3, 60)}], indirect=True)
async def test_tokens_that_are_none_are_limited(house: House) -> None:
    for _ in range(3):
        refused(await confirm(house, "kec_invented"), 422, "validation_failed")
    assert refused(await confirm(house, "kec_invented"), 429, "rate_limited")["policy"] == "guesses"
