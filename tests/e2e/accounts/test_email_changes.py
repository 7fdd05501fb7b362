"""Another e-mail address, from the wish to letters that go there."""

from __future__ import annotations

import re

from tests.e2e.accounts.test_password_resets import box, house  # noqa: F401  # the point: a house that sends mail
from tests.e2e.house import House
from tests.e2e.shopper import PASSWORD, Shopper, expect, problem
from tests.mailserver import MailBox, bodies

NEW = "ada.king@example.org"
TOKEN = re.compile(r"/new-email#(kem_[\w.-]+)")


async def test_a_letter_brings_an_account_to_another_address(house: House, box: MailBox, shopper: Shopper) -> None:  # noqa: F811
    old = shopper.email
    body = {"email": NEW, "currentPassword": PASSWORD}
    await shopper.do("POST", "/api/me/email-changes", body, 202)
    [letter] = await box.got(1)
    [token] = TOKEN.findall(bodies(letter)[0])
    expect(204, await house.http.post("/api/auth/email-changes/complete", json={"token": token}))
    assert (await shopper.read("/api/me"))["email"] == NEW
    await box.got(2)
    assert box.recipients == [NEW, old]
    form = {"grant_type": "password", "username": old, "password": PASSWORD}
    problem(await house.http.post("/api/auth/token", data=form), 401, "unauthenticated")
    shopper.email = NEW
    await shopper.sign_in()
    expect(201, await house.http.post("/api/auth/register", json={"email": old, "password": PASSWORD, "name": "Other"}))
    # Nobody is told at an address that is somebody else's by now.
    expect(202, await house.http.post("/api/auth/password-resets", json={"email": NEW}))
    letters = await box.got(3)
    assert box.recipients[2] == NEW
    assert str(letters[2]["Subject"]) == "Set a new password"
    assert house.problems() == []


async def test_an_erasure_frees_both(house: House, box: MailBox, shopper: Shopper) -> None:  # noqa: F811
    old = shopper.email
    await shopper.do("POST", "/api/me/email-changes", {"email": NEW, "currentPassword": PASSWORD}, 202)
    [token] = TOKEN.findall(bodies((await box.got(1))[0])[0])
    expect(204, await house.http.post("/api/auth/email-changes/complete", json={"token": token}))
    await shopper.do("DELETE", "/api/me", None, 204)
    for email in (old, NEW):
        body = {"email": email, "password": PASSWORD, "name": "Other"}
        expect(201, await house.http.post("/api/auth/register", json=body))
