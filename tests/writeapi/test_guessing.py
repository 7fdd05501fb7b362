"""Trying passwords on many people, and addresses to see who has an account: only so often from one place."""

from __future__ import annotations

import pytest

from readapi.edge.ratelimit import Policy
from tests.writeapi.conftest import ADA, GRACE, House
from tests.writeapi.refusals import refused

FEW = Policy(3, 60)


@pytest.mark.parametrize("house", [{"guesses": FEW}], indirect=True)
async def test_one_password_is_not_tried_on_everybody(house: House) -> None:
    await house.register()
    for number in range(FEW.quota):
        refused(await house.sign_in(f"{number}@example.com", "correct horse"), 401, "unauthenticated")
    limited = await house.sign_in(GRACE["email"], "correct horse")
    assert refused(limited, 429, "rate_limited")["policy"] == "guesses"
    assert refused(await house.sign_in(**_of(ADA)), 429, "rate_limited")["policy"] == "guesses"


@pytest.mark.parametrize("house", [{"guesses": FEW}], indirect=True)
async def test_who_signs_in_rightly_does_not_guess(house: House) -> None:
    await house.register()
    for _ in range(FEW.quota + 2):
        assert (await house.sign_in(**_of(ADA))).status_code == 200


@pytest.mark.parametrize("house", [{"login": FEW, "guesses": Policy(5, 60)}], indirect=True)
async def test_what_one_quota_refuses_uses_up_no_other(house: House) -> None:
    await house.register()
    for _ in range(FEW.quota):
        refused(await house.sign_in(ADA["email"], "wrong password"), 401, "unauthenticated")
    for _ in range(5):
        assert refused(await house.sign_in(ADA["email"], "wrong"), 429, "rate_limited")["policy"] == "login"
    refused(await house.sign_in(GRACE["email"], "wrong password"), 401, "unauthenticated")


@pytest.mark.parametrize("house", [{"taken": FEW}], indirect=True)
@pytest.mark.parametrize("headers", [{}, {"Idempotency-Key": "a"}], ids=["plain", "with a key"])
async def test_sign_up_tells_of_few_addresses_that_they_are_taken(house: House, headers: dict[str, str]) -> None:
    await house.register()
    for number in range(FEW.quota):
        sent = {name: f"{value}{number}" for name, value in headers.items()}
        refused(await house.register({**ADA, "name": "Eve"}, **sent), 422, "validation_failed")
    for who in (ADA, GRACE):
        assert refused(await house.register(who), 429, "rate_limited")["policy"] == "taken"


@pytest.mark.parametrize("house", [{"taken": FEW}], indirect=True)
async def test_who_signs_up_with_addresses_that_are_free_is_not_counted(house: House) -> None:
    for number in range(FEW.quota + 2):
        assert (await house.register({**ADA, "email": f"{number}@example.com"})).status_code == 201
        refused(await house.register({**ADA, "password": "short"}), 422, "validation_failed")


def _of(who: dict[str, str]) -> dict[str, str]:
    return {"email": who["email"], "password": who["password"]}
