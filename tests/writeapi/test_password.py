"""Another password: who may choose one, what it ends, and how often somebody may guess."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from commands.context import system_context
from streams.processes.erasure import erase
from tests.writeapi.conftest import ADA, House, Person
from tests.writeapi.refusals import pointers, refused

NEW = "another horse battery"


async def change(person: Person, current: str = ADA["password"], new: Any = NEW) -> httpx.Response:
    return await person.call("PUT", "/api/me/password", {"currentPassword": current, "newPassword": new})


async def test_the_new_password_holds_and_the_old_one_does_not(house: House) -> None:
    ada = await house.person()
    answer = await change(ada)
    assert (answer.status_code, answer.content) == (204, b"")
    refused(await house.sign_in(ADA["email"], ADA["password"]), 401, "unauthenticated")
    assert (await house.sign_in(ADA["email"], NEW)).status_code == 200


async def test_every_other_session_ends_and_this_one_goes_on(house: House) -> None:
    ada = await house.person()
    other = Person(house, ada.user_id, (await house.sign_in(ADA["email"], ADA["password"])).json())
    assert (await change(ada)).status_code == 204
    refused(await other.call("GET", "/api/me"), 401, "unauthenticated")
    refused(await house.refresh(other.tokens["refresh_token"]), 401, "unauthenticated")
    assert (await ada.call("GET", "/api/me")).status_code == 200
    assert (await house.refresh(ada.tokens["refresh_token"])).status_code == 200


async def test_a_wrong_password_changes_nothing_and_is_told_beside_its_field(house: House) -> None:
    ada = await house.person()
    other = Person(house, ada.user_id, (await house.sign_in(ADA["email"], ADA["password"])).json())
    body = refused(await change(ada, "not my password"), 422, "validation_failed")
    assert pointers(body) == ["#/currentPassword"]
    assert (await other.call("GET", "/api/me")).status_code == 200
    assert (await house.sign_in(ADA["email"], ADA["password"])).status_code == 200


@pytest.mark.parametrize("new", ["short", "x" * 201, "\u0390" * 200 + "x", ADA["email"].upper(), 12345678, None])
async def test_a_new_password_keeps_the_rules_of_a_first_one(house: House, new: Any) -> None:
    ada = await house.person()
    body = refused(await change(ada, new=new), 422, "validation_failed")
    assert pointers(body) == ["#/newPassword"]
    assert (await house.sign_in(ADA["email"], ADA["password"])).status_code == 200


async def test_spaces_belong_to_a_password(house: House) -> None:
    ada = await house.person()
    assert (await change(ada, new=f" {NEW} ")).status_code == 204
    refused(await change(ada, NEW), 422, "validation_failed")
    assert (await change(ada, f" {NEW} ")).status_code == 204


async def test_nobody_changes_it_without_a_token(house: House) -> None:
    await house.person()
    body = {"currentPassword": ADA["password"], "newPassword": NEW}
    refused(await house.http.put("/api/me/password", json=body), 401, "unauthenticated")
    assert (await house.sign_in(ADA["email"], ADA["password"])).status_code == 200


async def test_guesses_count_as_failed_sign_ins(house: House) -> None:
    ada = await house.person()
    answers = await asyncio.gather(*(change(ada, f"wrong password {n}") for n in range(14)))
    statuses = sorted(answer.status_code for answer in answers)
    assert statuses == [422] * 10 + [429] * 4
    assert refused(await change(ada), 429, "rate_limited")["policy"] == "login"
    refused(await house.sign_in(ADA["email"], ADA["password"]), 429, "rate_limited")


async def test_knowing_it_costs_nothing(house: House) -> None:
    ada = await house.person()
    answers = [await change(ada, ADA["password"], ADA["password"]) for _ in range(12)]
    assert {answer.status_code for answer in answers} == {204}


async def test_whoever_was_erased_has_none(house: House) -> None:
    ada = await house.person()
    await erase(house.engine, house.vault, ada.user_id, system_context("test", house.clock()))
    refused(await change(ada), 401, "unauthenticated")
    assert house.vault.left_of([ada.user_id]) == []


async def test_it_is_kept_nowhere(house: House, caplog: pytest.LogCaptureFixture) -> None:
    ada = await house.person()
    assert (await change(ada)).status_code == 204
    refused(await change(ada, "yet another secret"), 422, "validation_failed")
    assert NEW.encode() not in house.on_disk()
    assert "yet another secret" not in caplog.text + (await change(ada, "yet another secret")).text
