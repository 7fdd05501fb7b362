"""A forgotten password, from the page's wish to the letter and to signing in again."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.house import House, in_process
from tests.e2e.shopper import PASSWORD, Shopper, expect, problem
from tests.mailserver import MailBox, bodies, mail_server

NEW = "another horse battery"
SHOP = "https://shop.example"
TOKEN = re.compile(r"/new-password#(kpr_[\w.-]+)")


@pytest.fixture
async def box() -> AsyncIterator[MailBox]:
    """Without the letters of sign-ups, of which ``test_email_confirmations.py`` tells."""
    async with mail_server() as box:
        box.passed_over = "Confirm your e-mail address"
        yield box


@pytest.fixture
async def house(tmp_path: Path, box: MailBox) -> AsyncIterator[House]:
    mail: dict[str, Any] = {"smtp_url": box.url, "mail_from": "shop@shop.example", "storefront_url": SHOP}
    async with in_process(tmp_path / "data", **mail) as house:
        yield house


async def asked(who: Shopper, email: str) -> None:
    expect(202, await who.http.post("/api/auth/password-resets", json={"email": email}))


async def set_by(who: Shopper, token: str) -> Any:
    return await who.http.post("/api/auth/password-resets/complete", json={"token": token, "newPassword": NEW})


async def test_a_letter_brings_whoever_forgot_it_back_in(house: House, box: MailBox, shopper: Shopper) -> None:
    await asked(shopper, "nobody@example.com")
    await asked(shopper, shopper.email.upper())
    [letter] = await box.got(1)
    assert box.recipients == [shopper.email]
    [token] = TOKEN.findall(bodies(letter)[0])
    expect(204, await set_by(shopper, token))
    problem(await shopper.send("GET", "/api/me"), 401, "unauthenticated")
    form = {"grant_type": "password", "username": shopper.email, "password": PASSWORD}
    problem(await house.http.post("/api/auth/token", data=form), 401, "unauthenticated")
    await shopper.sign_in(NEW)
    assert (await shopper.read("/api/me"))["email"] == shopper.email
    problem(await set_by(shopper, token), 422, "validation_failed", "#/token")
    subjects = [str(one["Subject"]) for one in await box.got(2)]
    assert subjects == ["Set a new password", "Your password was changed"]
    assert house.problems() == []


async def test_after_an_erasure_no_letter_comes_and_none_that_came_works(
    house: House, box: MailBox, shopper: Shopper, admin: Shopper
) -> None:
    await asked(shopper, shopper.email)
    [token] = TOKEN.findall(bodies((await box.got(1))[0])[0])
    await shopper.do("DELETE", "/api/me", None, 204)
    problem(await set_by(shopper, token), 422, "validation_failed", "#/token")
    # The address is free again, so whoever has it now is somebody else.
    body = {"email": shopper.email, "password": PASSWORD, "name": "Other"}
    expect(201, await house.http.post("/api/auth/register", json=body))
    problem(await set_by(shopper, token), 422, "validation_failed", "#/token")
    assert await shopper.sign_in()
    channels = (await admin.do("GET", "/api/admin/projections"))["items"]
    assert "mail_accounts" in [one["name"] for one in channels if one["kind"] == "delivery"]


async def test_events_tell_of_wishes_and_of_changes_without_a_secret(
    box: MailBox, shopper: Shopper, admin: Shopper
) -> None:
    await asked(shopper, shopper.email)
    [token] = TOKEN.findall(bodies((await box.got(1))[0])[0])
    expect(204, await set_by(shopper, token))
    feed = await admin.do("GET", "/api/events?types=reset.asked,account.password_changed", Prefer="wait=10")
    text = str(feed)
    assert {"reset.asked", "account.password_changed"} == {one["type"] for one in feed["items"]}
    for secret in (token, token[-43:], shopper.email, NEW):
        assert secret not in text
