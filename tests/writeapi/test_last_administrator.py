"""However many are taken the scope in one moment, and by whichever process: an administrator is left."""

from __future__ import annotations

import asyncio

import pytest

from commands.engine import Engine
from commands.mapper import recorded
from domain.buyers.account import ActiveAccount
from domain.buyers.scopes import ReliedOn
from domain.errors import IllegalTransition
from tests.writeapi.conftest import ADA, GRACE, House
from tests.writeapi.refusals import refused
from tests.writeapi.scopes import by, give
from writeapi.accounts import scopes

JOAN = {**GRACE, "email": "joan@example.org"}


async def elsewhere(house: House) -> Engine:
    """Another process on the same log."""
    engine = Engine(house.log)
    engine.clock = house.clock
    await engine.start()
    return engine


async def administrators(house: House, ids: list[str]) -> list[str]:
    head = await house.log.head()
    states = {account_id: await house.engine.state_since(account_id, head) for account_id in ids}
    return [key for key, state in states.items() if isinstance(state, ActiveAccount) and "admin" in state.scopes]


@pytest.mark.parametrize("people", [(ADA, GRACE), (ADA, GRACE, JOAN)], ids=["two", "three"])
@pytest.mark.parametrize("processes", [1, 2])
async def test_whoever_goes_in_the_same_moment_one_stays(
    house: House, people: tuple[dict[str, str], ...], processes: int
) -> None:
    ids = [(await house.person(who)).user_id for who in people]
    for who in people:
        await give(house, who, "admin")
    others = [await elsewhere(house) for _ in range(processes - 1)]
    engines = [house.engine, *others]
    taking = (
        scopes.take_away(engines[at % processes], house.vault, who["email"], "admin", by(house))
        for at, who in enumerate(people)
    )
    outcomes = await asyncio.gather(*taking, return_exceptions=True)
    left = await administrators(house, ids)
    refused = [outcome for outcome in outcomes if isinstance(outcome, IllegalTransition)]
    assert left
    assert len(refused) == len(left), outcomes
    for engine in others:
        await engine.close()


async def test_the_one_that_was_relied_on_is_told_in_its_events(house: House) -> None:
    await house.person()
    grace = await house.person(GRACE)
    for who in (ADA, GRACE):
        await give(house, who, "admin")
    await scopes.take_away(house.engine, house.vault, ADA["email"], "admin", by(house))
    events = [recorded(row).event for row in await house.log.read_stream(grace.user_id)]
    assert events[-1] == ReliedOn("admin")
    assert await administrators(house, [grace.user_id]) == [grace.user_id]


async def test_the_last_one_does_not_delete_the_own_account(house: House) -> None:
    ada, grace = await house.person(), await house.person(GRACE)
    await give(house, ADA, "admin")
    answer = await ada.call("DELETE", "/api/me")
    assert "make another one first" in refused(answer, 409, "illegal_transition")["detail"]
    assert (await ada.call("GET", "/api/me")).status_code == 200
    await give(house, GRACE, "admin")
    assert (await ada.call("DELETE", "/api/me")).status_code == 204
    assert await administrators(house, [ada.user_id, grace.user_id]) == [grace.user_id]


async def test_of_two_who_delete_their_accounts_in_the_same_moment_one_stays(house: House) -> None:
    people = [await house.person(), await house.person(GRACE)]
    for who in (ADA, GRACE):
        await give(house, who, "admin")
    answers = await asyncio.gather(*(person.call("DELETE", "/api/me") for person in people))
    assert sorted(answer.status_code for answer in answers) == [204, 409]
    assert len(await administrators(house, [person.user_id for person in people])) == 1
