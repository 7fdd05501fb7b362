"""A forgotten password that is set anew."""

from __future__ import annotations

from typing import Any

import httpx

from commands.linktokens import PASSWORD
from domain.ids import claim_id
from tests.writeapi.conftest import ADA, House, Person

NEW = "another horse battery"


async def complete(house: House, token: str, new: Any = NEW) -> httpx.Response:
    body = {"token": token, "newPassword": new}
    return await house.http.post("/api/auth/password-resets/complete", json=body)


def token_of(house: House, person: Person, asked_at: int | None = None, email: str = ADA["email"]) -> str:
    """What a letter would bring."""
    claim = claim_id("email", house.vault.email_lookup(email))
    token = house.vault.link_token(PASSWORD, person.user_id, claim, house.clock() if asked_at is None else asked_at)
    assert token is not None
    return token
