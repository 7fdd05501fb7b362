"""Signing in and out: tokens that work once, guesses that are slowed down, and who is let in no more."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

import commands.vault_credentials
from commands.context import system_context
from commands.mapper import recorded
from domain.buyers.account import EraseAccount, GrantScope
from readapi.edge.ratelimit import Policy
from tests.writeapi.conftest import ADA, GRACE, House
from tests.writeapi.refusals import pointers, refused
from writeapi.accounts import passwords

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
