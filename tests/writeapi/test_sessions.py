"""Where somebody is signed in: what they see of it, and what they can end."""

from __future__ import annotations

from typing import Any

import pytest

from commands.context import system_context
from streams.processes.erasure import erase
from tests.writeapi.conftest import GRACE, House, Person
from tests.writeapi.refusals import refused
from tests.writeapi.sessions import again


async def listed(person: Person) -> list[dict[str, Any]]:
    answer = await person.call("GET", "/api/me/sessions")
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    body = answer.json()
    assert (body["next"], body["prev"]) == (None, None)  # as every list
    return list(body["items"])


def current(sessions: list[dict[str, Any]]) -> str:
    [one] = [session["sessionId"] for session in sessions if session["current"]]
    return str(one)


async def test_each_sign_in_is_one_and_says_which_is_this(house: House) -> None:
    ada = await house.person()
    other, grace = await again(house, ada), await house.person(GRACE)
    here, there = await listed(ada), await listed(other)
    assert len(here) == 2
    assert {one["sessionId"] for one in here} == {one["sessionId"] for one in there}
    assert current(here) != current(there)
    assert len(await listed(grace)) == 1
    for one in here:
        assert one.keys() == {"sessionId", "signedInAt", "lastUsedAt", "current"}
        assert one["signedInAt"] <= one["lastUsedAt"]


async def test_nothing_that_could_be_used_is_shown(house: House) -> None:
    ada = await house.person()
    answer = await ada.call("GET", "/api/me/sessions")
    for token in (ada.tokens["access_token"], ada.tokens["refresh_token"]):
        assert token not in answer.text
    session = answer.json()["items"][0]["sessionId"]
    refused(await house.refresh(session), 401, "unauthenticated")
    bare = await house.http.get("/api/me", headers={"Authorization": f"Bearer {session}"})
    refused(bare, 401, "unauthenticated")


async def test_a_session_that_is_ended_is_out_at_once_and_no_other(house: House) -> None:
    ada = await house.person()
    other, third = await again(house, ada), await again(house, ada)
    named = current(await listed(other))
    assert (await ada.call("DELETE", f"/api/me/sessions/{named}")).status_code == 204
    refused(await other.call("GET", "/api/me"), 401, "unauthenticated")
    refused(await house.refresh(other.tokens["refresh_token"]), 401, "unauthenticated")
    refused(await ada.call("DELETE", f"/api/me/sessions/{named}"), 404, "not_found")
    for person in (ada, third):
        assert (await person.call("GET", "/api/me")).status_code == 200
    assert len(await listed(ada)) == 2


async def test_ones_own_may_be_ended_too(house: House) -> None:
    ada = await house.person()
    assert (await ada.call("DELETE", f"/api/me/sessions/{current(await listed(ada))}")).status_code == 204
    refused(await ada.call("GET", "/api/me"), 401, "unauthenticated")


async def test_all_others_end_at_once(house: House) -> None:
    ada = await house.person()
    others = [await again(house, ada) for _ in range(2)]
    grace = await house.person(GRACE)
    assert (await ada.call("DELETE", "/api/me/sessions")).status_code == 204
    for other in others:
        refused(await other.call("GET", "/api/me"), 401, "unauthenticated")
    assert [one["current"] for one in await listed(ada)] == [True]
    assert len(await listed(grace)) == 1


async def test_nobody_ends_anothers_or_learns_that_it_is_there(house: House) -> None:
    ada, grace = await house.person(), await house.person(GRACE)
    hers = current(await listed(grace))
    unknown = "fam_" + "0" * 24
    refusals = [
        refused(await ada.call("DELETE", f"/api/me/sessions/{one}"), 404, "not_found") for one in (hers, unknown)
    ]
    assert refusals[0]["detail"] == refusals[1]["detail"]
    assert (await grace.call("GET", "/api/me")).status_code == 200


@pytest.mark.parametrize("session", ["x", "fam_", "fam_%00", "fam_" + "g" * 24, "fam_" + "0" * 25, "usr_1"])
async def test_what_can_be_no_session_is_not_found(house: House, session: str) -> None:
    ada = await house.person()
    refused(await ada.call("DELETE", f"/api/me/sessions/{session}"), 404, "not_found")


@pytest.mark.parametrize(("method", "path"), [("GET", ""), ("DELETE", ""), ("DELETE", "/fam_" + "0" * 24)])
async def test_nobody_without_a_token(house: House, method: str, path: str) -> None:
    refused(await house.http.request(method, f"/api/me/sessions{path}"), 401, "unauthenticated")


async def test_whoever_was_erased_has_none(house: House) -> None:
    ada = await house.person()
    await erase(house.engine, house.vault, ada.user_id, system_context("test", house.clock()))
    refused(await ada.call("GET", "/api/me/sessions"), 401, "unauthenticated")
    assert house.vault.sessions_of(ada.user_id) == []
