"""Somebody who signs in once more."""

from __future__ import annotations

from tests.writeapi.conftest import ADA, House, Person


async def again(house: House, person: Person, who: dict[str, str] = ADA) -> Person:
    """Signed in once more."""
    return Person(house, person.user_id, (await house.sign_in(who["email"], who["password"])).json())
