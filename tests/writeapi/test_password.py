"""Another password: for whoever knows the one that was, and then nobody else is signed in any more."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from readapi.edge.ratelimit import Policy
from tests.writeapi.conftest import ADA, GRACE, House, Person
from tests.writeapi.test_auth import refused

NEW = "analytical engine"


async def change(person: Person, **said: Any) -> httpx.Response:
    return await person.call("POST", "/api/me/password", {"current": ADA["password"], "password": NEW, **said})


async def test_the_new_one_signs_in_and_the_old_one_does_not(house: House) -> None:
    ada = await house.person()
    assert (await change(ada)).status_code == 204
    refused(await house.sign_in(ADA["email"], ADA["password"]), 401, "unauthenticated")
    assert (await house.sign_in(ADA["email"], NEW)).status_code == 200
    assert NEW.encode() not in house.on_disk()


async def test_other_sessions_end_and_this_one_goes_on(house: House) -> None:
    ada, grace = await house.person(), await house.person(GRACE)
    elsewhere = Person(house, ada.user_id, (await house.sign_in(ADA["email"], ADA["password"])).json())
    assert (await change(ada)).status_code == 204
    refused(await elsewhere.call("GET", "/api/me"), 401, "unauthenticated")
    refused(await house.refresh(elsewhere.tokens["refresh_token"]), 401, "unauthenticated")
    await ada.me()
    await grace.me()
    assert (await house.refresh(ada.tokens["refresh_token"])).status_code == 200


@pytest.mark.parametrize(
    ("said", "pointer"),
    [
        ({"current": "difference  engine"}, "#/current"),
        ({"current": ""}, "#/current"),
        ({"password": "short"}, "#/password"),
        ({"password": "x" * 201}, "#/password"),
        ({"password": ADA["email"].lower()}, "#/password"),
        ({"other": 1}, "#/other"),
    ],
)
async def test_what_changes_nothing(house: House, said: dict[str, Any], pointer: str) -> None:
    ada = await house.person()
    answer = await change(ada, **said)
    body = refused(answer, 422, "validation_failed")
    assert [error["pointer"] for error in body["errors"]] == [pointer]
    assert not [value for value in said.values() if len(str(value)) > 5 and str(value) in answer.text]
    assert (await house.sign_in(ADA["email"], ADA["password"])).status_code == 200


@pytest.mark.parametrize("house", [{"login": Policy(3, 60)}], indirect=True)
async def test_who_found_a_device_cannot_guess_the_old_one(house: House) -> None:
    ada = await house.person()
    for number in range(3):
        refused(await change(ada, current=f"guess {number}"), 422, "validation_failed")
    assert refused(await change(ada), 429, "rate_limited")["policy"] == "login"


async def test_nobody_changes_that_of_who_was_erased(house: House) -> None:
    ada = await house.person()
    assert (await ada.call("DELETE", "/api/me")).status_code == 204
    refused(await change(ada), 401, "unauthenticated")
