"""Opening an account: what is taken, what is refused, and what a repetition is told."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from typing import Any

import pytest

from commands.context import system_context
from domain.buyers.account import RegisterAccount
from domain.claim import ABANDONED_MS, TakeClaim
from domain.errors import Invalid
from domain.ids import claim_id, new_id
from readapi.edge.idempotency import fingerprint
from tests.writeapi.conftest import ADA, GRACE, House
from tests.writeapi.refusals import pointers, refused
from writeapi.accounts.registration import applicant_of, register


async def test_register_and_sign_in(house: House) -> None:
    registered = await house.register()
    assert registered.status_code == 201
    body = registered.json()
    assert body["position"] == registered.headers["kontor-position"]
    assert body["userId"].startswith("usr_")
    tokens = await house.sign_in(ADA["email"], ADA["password"])
    assert tokens.status_code == 200
    assert tokens.headers["cache-control"] == "no-store"
    assert tokens.json().keys() == {"access_token", "refresh_token", "token_type", "expires_in", "scope"}
    assert (tokens.json()["token_type"], tokens.json()["scope"]) == ("Bearer", "customer")
    assert 0 < tokens.json()["expires_in"] <= 900


@pytest.mark.parametrize("email", [ADA["email"], "ada.lovelace@example.COM", "  ADA.LOVELACE@EXAMPLE.COM "])
async def test_an_address_is_taken_in_every_spelling(house: House, email: str) -> None:
    first = (await house.register()).json()
    answer = await house.register({**GRACE, "email": email})
    problem = refused(answer, 422, "validation_failed")
    assert pointers(problem) == ["#/email"]
    assert first["userId"] not in answer.text
    assert "owner" not in problem


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"email": "nobody"}, "#/email"),
        ({"email": "a@b@c"}, "#/email"),
        ({"email": "@example.com"}, "#/email"),
        ({"email": "ada@"}, "#/email"),
        ({"email": "ada@example..com"}, "#/email"),
        ({"email": "ada\u0000@example.com"}, "#/email"),
        ({"email": "ada\u202e@example.com"}, "#/email"),
        ({"email": "ada lovelace@example.com"}, "#/email"),
        ({"email": "a" * 243 + "@example.com"}, "#/email"),
        ({"email": 7}, "#/email"),
        ({"password": "short"}, "#/password"),
        ({"password": "x" * 201}, "#/password"),
        ({"password": "\ufdfa" * 200}, "#/password"),
        ({"password": "ADA.lovelace@example.com"}, "#/password"),
        ({"name": ""}, "#/name"),
        ({"name": "   "}, "#/name"),
        ({"name": "Ada\nLovelace"}, "#/name"),
        ({"scope": "admin"}, "#/scope"),
    ],
)
async def test_what_cannot_be_registered(house: House, change: dict[str, Any], pointer: str) -> None:
    assert pointers(refused(await house.register({**ADA, **change}), 422, "validation_failed")) == [pointer]
    assert await house.log.head() == 0


async def test_missing_fields_are_all_named(house: House) -> None:
    problem = refused(await house.register({}), 422, "validation_failed")
    assert sorted(pointers(problem)) == ["#/email", "#/name", "#/password"]


async def test_of_two_at_once_one_is_registered(house: House) -> None:
    answers = await asyncio.gather(*(house.register() for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [201, 422, 422, 422]


async def test_the_command_line_can_make_administrators(house: House) -> None:
    context = system_context("cli", house.clock())
    scopes = ("customer", "admin")
    account_id = await register(
        house.engine, house.vault, "root@example.com", "a long password", "Root", context=context, scopes=scopes
    )
    assert account_id.startswith("usr_")
    tokens = (await house.sign_in("root@example.com", "a long password")).json()
    assert tokens["scope"] == "customer admin"
    with pytest.raises(Invalid):
        await register(house.engine, house.vault, "ROOT@example.com", "a long password", "Root", context=context)


def test_an_applicant_says_nothing_when_printed() -> None:
    assert repr(applicant_of(**ADA)) == "Applicant()"


# an interrupted sign-up


async def _claimed_by_nobody(house: House) -> None:
    at = house.clock()
    claim = claim_id("email", house.vault.email_lookup(ADA["email"]))
    nobody = new_id("account", at, b"0123456789")
    await house.engine.submit(TakeClaim(claim, nobody), system_context("test", at))


async def test_a_sign_up_that_died_blocks_the_address_for_a_minute(house: House) -> None:
    house.now = 1_800_000_000_000
    await _claimed_by_nobody(house)
    house.now += ABANDONED_MS
    assert pointers(refused(await house.register(), 422, "validation_failed")) == ["#/email"]
    house.now += 1
    answers = await asyncio.gather(house.register(), house.register())
    assert sorted(answer.status_code for answer in answers) == [201, 422]
    assert (await house.sign_in(ADA["email"], ADA["password"])).status_code == 200


async def test_a_sign_up_that_takes_too_long_gives_up(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its claim may have been taken over meanwhile."""
    house.now = 1_800_000_000_000
    set_password = house.vault.set_password

    def slow(account_id: str, password: str) -> None:
        set_password(account_id, password)
        house.now = (house.now or 0) + 50_000

    monkeypatch.setattr(house.vault, "set_password", slow)
    refused(await house.register(), 503, "overloaded")
    assert [row.topic.partition("@")[0] for row in await house.log.read(0, 10)] == ["claim.taken"]


async def test_whoever_is_registered_can_sign_in(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """The password is kept before the account exists, whatever the crash."""
    kept: list[bool] = []
    submit = house.engine.submit

    async def watched(command: Any, *args: Any, **kwargs: Any) -> Any:
        if isinstance(command, RegisterAccount):
            kept.append(house.vault.check_password(command.account_id, ADA["password"]))
        return await submit(command, *args, **kwargs)

    monkeypatch.setattr(house.engine, "submit", watched)
    await house.register()
    assert kept == [True]


# sign-up, repeated


async def test_a_repeated_sign_up_gets_the_first_answer(house: House) -> None:
    key = {"Idempotency-Key": "once"}
    first, second = await house.register(**key), await house.register(**key)
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()
    assert second.headers["idempotent-replayed"] == "true"
    refused(await house.register({**ADA, "password": "another password"}, **key), 422, "idempotency_key_reused")
    other = await house.register(GRACE, **key)
    assert (other.status_code, other.json()["userId"] != first.json()["userId"]) == (201, True)


async def test_what_is_stored_of_the_request_helps_nobody_guess_the_password(house: House) -> None:
    answer = await house.register(**{"Idempotency-Key": "once"})
    plain = fingerprint("POST", "/api/auth/register", answer.request.content)
    with closing(sqlite3.connect(house.folder / "log.db")) as db:
        digests = [row[0] for row in db.execute("SELECT digest FROM replies")]
    assert len(digests) == 1
    assert plain not in digests
