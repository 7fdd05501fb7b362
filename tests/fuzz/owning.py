"""What people do with their own accounts, well enough that each request is answered well (``test_answers.py``)."""

from __future__ import annotations

import time

import pyotp

from commands import linktokens
from domain.ids import claim_id
from tests.e2e.house import House
from tests.e2e.shopper import HOME, PASSWORD, Shopper, expect, sign_up


async def forgets(house: House, ada: Shopper) -> None:
    house.services.letters_with_links = True
    await ada.do("POST", "/api/auth/password-resets", {"email": ada.email}, 202)
    vault = house.services.vault
    claim = claim_id("email", vault.email_lookup(ada.email))
    token = vault.link_token(linktokens.PASSWORD, ada.user_id, claim, house.services.clock())
    await ada.do("POST", "/api/auth/password-resets/complete", {"token": token, "newPassword": PASSWORD}, 204)
    await ada.sign_in()
    email = f"new.{ada.email}"
    await ada.do("POST", "/api/me/email-changes", {"email": email, "currentPassword": PASSWORD}, 202)
    claim = claim_id("email", vault.email_lookup(email))
    token = vault.link_token(linktokens.EMAIL, ada.user_id, claim, house.services.clock())
    await ada.do("POST", "/api/auth/email-changes/complete", {"token": token}, 204)
    ada.email = email
    await confirms(house)


async def confirms(house: House) -> None:
    """Who signs up while letters are sent, and answers theirs."""
    bea = await sign_up(house.http)
    await bea.do("POST", "/api/me/email-confirmations", status=202)
    vault = house.services.vault
    claim = claim_id("email", vault.email_lookup(bea.email))
    token = vault.link_token(linktokens.CONFIRMATION, bea.user_id, claim, house.services.clock())
    await bea.do("POST", "/api/auth/email-confirmations/complete", {"token": token}, 204)
    assert (await bea.read("/api/me"))["emailConfirmed"]


async def wants_a_second_factor(ada: Shopper) -> None:
    secret = (await ada.do("POST", "/api/me/second-factor", {"currentPassword": PASSWORD}, 201))["secret"]
    first = {"code": pyotp.TOTP(secret).now()}
    await ada.do("POST", "/api/me/second-factor/confirm", first)
    assert (await ada.read("/api/me/second-factor"))["active"]
    later = {"code": pyotp.TOTP(secret).at(int(time.time()) + 30)}
    [spare, *_] = (await ada.do("POST", "/api/me/second-factor/recovery-codes", later))["recoveryCodes"]
    await ada.do("POST", "/api/me/second-factor/remove", {"currentPassword": PASSWORD, "code": spare}, 204)
    assert not (await ada.read("/api/me/second-factor"))["active"]


async def tidies_up_and_leaves(ada: Shopper) -> None:
    await ada.do("PATCH", "/api/me", {"name": "Ada King"})
    await ada.do("PATCH", f"/api/me/addresses/{ada.address_id}", {"line2": "Flat 3"})
    me = await ada.send("GET", "/api/me")
    [kept] = expect(200, me)["addresses"]
    assert kept | {"addressId": ada.address_id, **HOME, "line2": "Flat 3"} == kept
    assert (await ada.send("GET", "/api/me", If_None_Match=me.headers["etag"])).status_code == 304
    await ada.do("DELETE", f"/api/me/addresses/{ada.address_id}", status=204)
    await ada.do("DELETE", f"/api/me/payment-methods/{ada.method_id}", status=204)
    elsewhere = Shopper(ada.http, email=ada.email)
    await elsewhere.sign_in()
    body = {"grant_type": "refresh_token", "refresh_token": elsewhere.refresh_token}
    await elsewhere.do("POST", "/api/auth/token", body)
    await elsewhere.do("POST", "/api/auth/logout", status=204)
    await elsewhere.sign_in()
    [other] = [one for one in (await ada.do("GET", "/api/me/sessions"))["items"] if not one["current"]]
    await ada.do("DELETE", f"/api/me/sessions/{other['sessionId']}", status=204)
    await ada.do("DELETE", "/api/me/sessions", status=204)
    await ada.do("PUT", "/api/me/password", {"currentPassword": PASSWORD, "newPassword": f"another {PASSWORD}"}, 204)
    await ada.do("DELETE", "/api/me", status=204)
