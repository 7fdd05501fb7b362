"""An address is confirmed at sign-up: the letter, its link, and what never waits for it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.accounts.test_password_resets import NEW, TOKEN, house  # noqa: F401  # a house that sends mail
from tests.e2e.house import House, in_process
from tests.e2e.market import Seller, open_shop
from tests.e2e.shopper import Shopper, expect, problem, sign_up
from tests.mailserver import MailBox, bodies, mail_server

LINK = re.compile(r"https://shop\.example/confirm-email#(kec_[\w.-]+)")


@pytest.fixture
async def box() -> AsyncIterator[MailBox]:
    async with mail_server() as box:
        yield box


def token_in(letter: Any) -> str:
    """Which text and HTML have in common."""
    [token] = {token for body in bodies(letter) for token in LINK.findall(body)}
    return str(token)


async def confirm(house: House, token: str) -> Any:  # noqa: F811
    return await house.http.post("/api/auth/email-confirmations/complete", json={"token": token})


async def known(who: Shopper) -> bool:
    return bool((await who.read("/api/me"))["emailConfirmed"])


async def test_a_sign_up_brings_one_letter_whose_link_confirms_the_address(house: House, box: MailBox) -> None:  # noqa: F811
    ada = await sign_up(house.http, "Ada Lovelace")
    [letter] = await box.got(1)
    assert box.recipients == [ada.email]
    assert letter["Subject"] == "Confirm your e-mail address"
    assert all("Ada" not in body for body in bodies(letter)), "a stranger may have been meant"
    me = await ada.read("/api/me")
    assert (me["emailConfirmed"], me["confirmationAskedAt"] is None) == (False, False)
    token = token_in(letter)
    for _ in range(2):
        expect(204, await confirm(house, token))
    assert await known(ada)
    problem(await ada.send("POST", "/api/me/email-confirmations"), 409, "illegal_transition")
    assert len(box.letters) == 1
    assert house.problems() == []


async def test_who_never_answers_it_buys_all_the_same(house: House) -> None:  # noqa: F811
    seller: Seller = await open_shop(house.http)
    sku = await seller.sells()
    ada = await (await sign_up(house.http)).move_in()
    await ada.add(sku, 1)
    assert (await ada.buy())["status"] == "PAID"
    assert not await known(ada)


async def test_a_letter_that_set_a_password_confirms_the_address_too(house: House, box: MailBox) -> None:  # noqa: F811
    ada = await sign_up(house.http)
    await box.got(1)
    expect(202, await house.http.post("/api/auth/password-resets", json={"email": ada.email}))
    [token] = TOKEN.findall(bodies((await box.got(2))[1])[0])
    body = {"token": token, "newPassword": NEW}
    expect(204, await house.http.post("/api/auth/password-resets/complete", json=body))
    await ada.sign_in(NEW)
    assert await known(ada)


async def test_a_shop_without_letters_registers_as_ever_and_says_so(tmp_path: Path) -> None:
    async with in_process(tmp_path / "data") as quiet:
        ada = await sign_up(quiet.http)
        me = await ada.read("/api/me")
        assert (me["emailConfirmed"], me["confirmationAskedAt"]) == (False, None)
        refusal = problem(await ada.send("POST", "/api/me/email-confirmations"), 409, "illegal_transition")
        assert "sends no links" in refusal["detail"]
