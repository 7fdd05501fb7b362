"""Sign-up, sign-in, sign-out, over HTTP."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from contextlib import closing
from typing import Any

import httpx
import pytest

import commands.vault_credentials
from commands.context import system_context
from commands.mapper import recorded
from domain.buyers.account import EraseAccount, GrantScope, RegisterAccount
from domain.claim import ABANDONED_MS, TakeClaim
from domain.errors import Invalid
from domain.ids import claim_id, new_id
from readapi.edge.idempotency import fingerprint
from readapi.edge.ratelimit import Policy
from tests.writeapi.conftest import ADA, GRACE, House
from writeapi.accounts import passwords
from writeapi.accounts.registration import applicant_of, register


def refused(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    problem: dict[str, Any] = answer.json()
    assert (answer.status_code, problem["code"]) == (status, code), answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    return problem


def pointers(problem: dict[str, Any]) -> list[str]:
    return [entry["pointer"] for entry in problem["errors"]]


# sign-up


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


# sign-in


async def test_json_and_the_name_email_are_understood_too(house: House) -> None:
    await house.register()
    body = {"grant_type": "password", "email": ADA["email"].upper(), "password": ADA["password"]}
    assert (await house.http.post("/api/auth/token", json=body)).status_code == 200
    assert (await house.http.post("/api/auth/token", data=body)).status_code == 200
    assert (await house.http.post("/api/auth/token", data={**body, "client_id": "shop"})).status_code == 200


async def test_unknown_people_and_wrong_passwords_look_alike(
    real_hasher: None, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    await house.register()
    hashed: list[str] = []

    class Counting(commands.vault_credentials.PasswordHasher):
        def verify(self, hash: str | bytes, password: str | bytes) -> Any:
            hashed.append(str(hash).split("$")[3])
            return super().verify(hash, password)

    monkeypatch.setattr(commands.vault_credentials, "_HASHER", Counting(time_cost=2, memory_cost=19456, parallelism=1))
    wrong = await house.sign_in(ADA["email"], "wrong password")
    unknown = await house.sign_in("nobody@example.com", "wrong password")
    known, nobody = refused(wrong, 401, "unauthenticated"), refused(unknown, 401, "unauthenticated")
    assert known["error"] == "invalid_grant"
    assert {**known, "traceId": ""} == {**nobody, "traceId": ""}
    assert wrong.headers["www-authenticate"].startswith("Bearer")
    assert len(hashed) == 2
    assert hashed[0] == hashed[1], "with the same parameters"


@pytest.mark.parametrize(
    ("fields", "missing"),
    [
        ({}, ["#/grant_type"]),
        ({"grant_type": "client_credentials"}, ["#/grant_type"]),
        ({"grant_type": "password"}, ["#/username", "#/password"]),
        ({"grant_type": "password", "username": "ada@example.com", "password": ""}, ["#/password"]),
        ({"grant_type": "refresh_token"}, ["#/refresh_token"]),
    ],
)
@pytest.mark.parametrize("kind", ["data", "json"])
async def test_missing_parameters(house: House, kind: str, fields: dict[str, str], missing: list[str]) -> None:
    answer = await house.http.request("POST", "/api/auth/token", **{kind: fields})  # type: ignore[arg-type]
    assert pointers(refused(answer, 422, "validation_failed")) == missing


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"grant_type=password&username=%ff&password=x", "application/x-www-form-urlencoded", 422),
        (b"grant_type=password&username=a&username=b&password=x", "application/x-www-form-urlencoded", 422),
        (b"&".join([b"a%d=1" % n for n in range(50)]), "application/x-www-form-urlencoded", 422),
        (b"\xff\xfe", "application/x-www-form-urlencoded", 422),
        (b"[1]", "application/json", 422),
        (b"{", "application/json", 422),
        (b'{"grant_type": "password", "username": ["a"], "password": {}}', "application/json", 422),
        (b"--x\r\n\r\n--x--", "multipart/form-data; boundary=x", 415),
        (b"<a/>", "application/xml", 415),
    ],
)
async def test_bodies_that_make_no_sense(house: House, content: bytes, kind: str, status: int) -> None:
    answer = await house.http.post("/api/auth/token", content=content, headers={"Content-Type": kind})
    assert answer.status_code == status, answer.text


async def test_the_token_has_the_scopes_of_today(house: House) -> None:
    ada = await house.person()
    await house.engine.submit(GrantScope(ada.user_id, "merchant"), system_context("test", house.clock()))
    refreshed = (await house.refresh(ada.tokens["refresh_token"])).json()
    assert refreshed["scope"] == "customer merchant"


# limits


async def test_guessing_one_address_is_slowed_down(house: House) -> None:
    await house.register()
    statuses = [(await house.sign_in(ADA["email"], f"wrong {n}")).status_code for n in range(11)]
    assert statuses == [401] * 10 + [429]
    limited = await house.sign_in(ADA["email"].upper(), ADA["password"])
    assert refused(limited, 429, "rate_limited")["policy"] == "login"
    assert int(limited.headers["retry-after"]) > 0
    refused(await house.sign_in(GRACE["email"], "wrong password"), 401, "unauthenticated")


async def test_many_guesses_at_once_do_not_slip_through(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Though threads finish many before the event loop hears of the first. No time passes, so nothing is refilled."""
    await house.register()
    tried: list[str] = []

    def wrong(account_id: str, password: str) -> bool:
        tried.append(password)
        return False

    monkeypatch.setattr(house.vault, "check_password", wrong)
    stopped_at = time.monotonic()
    monkeypatch.setattr(house.app.state.edge.limiter, "_now", lambda: stopped_at)
    answers = await asyncio.gather(*(house.sign_in(ADA["email"], f"wrong {n}") for n in range(40)))
    statuses = [answer.status_code for answer in answers]
    assert (len(tried), statuses.count(401), statuses.count(429)) == (10, 10, 30)


async def test_signing_in_rightly_costs_nothing(house: House) -> None:
    await house.register()
    answers = [await house.sign_in(ADA["email"], ADA["password"]) for _ in range(12)]
    assert {answer.status_code for answer in answers} == {200}


@pytest.mark.parametrize("house", [{"auth": Policy(3, 60)}], indirect=True)
async def test_one_client_may_not_try_without_end(house: House) -> None:
    answers = [await house.register({}), await house.refresh("krt_x"), await house.sign_in("a@b.c", "x" * 8)]
    assert [answer.status_code for answer in answers] == [422, 401, 401]
    assert refused(await house.sign_in("d@e.f", "x" * 8), 429, "rate_limited")["policy"] == "auth"


async def test_hashing_refuses_when_too_many_wait(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "WAITING_MAX", 1)
    answers = await asyncio.gather(*(house.sign_in(f"{n}@example.com", "x" * 8) for n in range(4)))
    assert sorted(answer.status_code for answer in answers) == [401, 503, 503, 503]
    refused(await house.sign_in("again@example.com", "x" * 8), 401, "unauthenticated")


# refresh tokens


async def test_a_refresh_token_works_once(house: House) -> None:
    ada = await house.person()
    first = await house.refresh(ada.tokens["refresh_token"])
    assert first.status_code == 200
    assert first.json()["refresh_token"] != ada.tokens["refresh_token"]
    ada.tokens = first.json()
    await ada.me()


async def test_reuse_ends_the_whole_session(house: House) -> None:
    ada = await house.person()
    elsewhere = (await house.sign_in(ADA["email"], ADA["password"])).json()
    stolen = ada.tokens["refresh_token"]
    ada.tokens = (await house.refresh(stolen)).json()
    refused(await house.refresh(stolen), 401, "unauthenticated")
    refused(await house.refresh(ada.tokens["refresh_token"]), 401, "unauthenticated")
    refused(await ada.call("GET", "/api/me"), 401, "unauthenticated")
    assert (await house.refresh(elsewhere["refresh_token"])).status_code == 200


async def test_a_refresh_whose_answer_was_lost_is_repeated_with_its_key(house: House) -> None:
    ada = await house.person()
    used = ada.tokens["refresh_token"]
    lost = (await house.refresh(used, "8e03978e")).json()
    ada.tokens = (await house.refresh(used, '"8e03978e"')).json()
    assert ada.tokens["refresh_token"] == lost["refresh_token"]
    await ada.me()
    refused(await house.refresh(used, "8e03 978e"), 422, "validation_failed")
    refused(await house.refresh(used, "another"), 401, "unauthenticated")
    refused(await ada.call("GET", "/api/me"), 401, "unauthenticated")


async def test_an_invented_refresh_token_is_refused(house: House) -> None:
    assert refused(await house.refresh("krt_invented"), 401, "unauthenticated")["error"] == "invalid_grant"


# sign-out


async def test_signing_out_ends_this_session_only(house: House) -> None:
    ada = await house.person()
    elsewhere = (await house.sign_in(ADA["email"], ADA["password"])).json()
    assert (await ada.call("POST", "/api/auth/logout")).status_code == 204
    refused(await ada.call("GET", "/api/me"), 401, "unauthenticated")
    refused(await house.refresh(ada.tokens["refresh_token"]), 401, "unauthenticated")
    ada.tokens = elsewhere
    await ada.me()


async def test_signing_out_takes_along_the_session_of_a_refresh_token(house: House) -> None:
    ada = await house.person()
    elsewhere = (await house.sign_in(ADA["email"], ADA["password"])).json()
    body = {"refresh_token": elsewhere["refresh_token"]}
    assert (await ada.call("POST", "/api/auth/logout", body)).status_code == 204
    ada.tokens = elsewhere
    refused(await ada.call("GET", "/api/me"), 401, "unauthenticated")


async def test_signing_out_needs_a_token(house: House) -> None:
    refused(await house.http.post("/api/auth/logout"), 401, "unauthenticated")


# a person who is being erased


async def test_an_erasure_that_a_crash_interrupted_lets_nobody_in(house: House) -> None:
    ada = await house.person()
    await house.engine.submit(EraseAccount(ada.user_id), system_context("test", house.clock()))
    refused(await house.refresh(ada.tokens["refresh_token"]), 401, "unauthenticated")
    refused(await house.sign_in(ADA["email"], ADA["password"]), 401, "unauthenticated")
    # The attempt has finished the erasure.
    registered = (await house.log.read_stream(ada.user_id))[0]
    assert house.vault.open(ada.user_id, _profile(registered)) is None
    assert (await house.register()).status_code == 201


def _profile(row: Any) -> bytes:
    return recorded(row).event.profile  # type: ignore[no-any-return]
