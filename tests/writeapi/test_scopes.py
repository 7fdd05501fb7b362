"""A scope that is taken away: tokens that were given out for it work no more, and new ones have it not."""

from __future__ import annotations

import asyncio

import pytest

from commands.engine import Engine
from commands.mapper import recorded
from domain.buyers.account import GrantScope, RevokeScope, ScopeGranted, ScopeRevoked
from domain.errors import Forbidden, IllegalTransition, Invalid, NotFound
from streams.processes.erasure import erase
from tests.writeapi.conftest import ADA, GRACE, House
from tests.writeapi.refusals import refused
from tests.writeapi.scopes import by, give, take
from tests.writeapi.sessions import again
from writeapi.accounts import scopes
from writeapi.accounts.registration import register


async def test_tokens_that_were_given_out_stop_at_once(house: House) -> None:
    ada, grace = await house.person(), await house.person(GRACE)
    assert await give(house, ADA, "admin") == ada.user_id
    await give(house, GRACE, "admin")
    ada, other = await again(house, ada), await again(house, ada)
    assert ada.tokens["scope"] == "customer admin"
    assert await take(house, ADA, "admin") == ada.user_id
    for token in (ada, other):
        refused(await token.call("GET", "/api/me"), 401, "unauthenticated")
        refused(await house.refresh(token.tokens["refresh_token"]), 401, "unauthenticated")
    assert (await again(house, ada)).tokens["scope"] == "customer"
    assert (await grace.me())["scopes"] == ["customer", "admin"], "others go on"


async def test_it_is_told_in_the_accounts_events(house: House) -> None:
    ada = await house.person()
    await give(house, ADA, "merchant")
    await take(house, ADA, "merchant")
    history = [recorded(row) for row in await house.log.read_stream(ada.user_id)][1:]
    assert [one.event for one in history] == [ScopeGranted("merchant"), ScopeRevoked("merchant")]
    assert {one.meta.actor for one in history} == {"system:cli"}
    ada = await again(house, ada)
    assert (await ada.me())["scopes"] == ["customer"]


async def test_the_last_administrator_stays_one_unless_it_is_forced(house: House) -> None:
    ada, grace, erased = await house.person(), await house.person(GRACE), {**GRACE, "email": "joan@example.org"}
    gone = await house.person(erased)
    for who in (ADA, GRACE, erased):
        await give(house, who, "admin")
    await take(house, GRACE, "admin")
    await erase(house.engine, house.vault, gone.user_id, by(house))
    with pytest.raises(IllegalTransition, match="--force"):
        await take(house, ADA, "admin")
    ada = await again(house, ada)
    assert ada.tokens["scope"] == "customer admin"
    assert await take(house, GRACE, "admin", forced=True) == grace.user_id, "nothing to take, nothing to refuse"
    await take(house, ADA, "admin", forced=True)
    assert (await again(house, ada)).tokens["scope"] == "customer"


async def test_one_who_registered_as_an_administrator_counts(house: House) -> None:
    await house.person()
    await give(house, ADA, "admin")
    made = ("root@example.org", "a long password", "Root")
    await register(house.engine, house.vault, *made, context=by(house), scopes=("customer", "admin"))
    await take(house, ADA, "admin")


async def test_a_crash_between_both_steps_is_mended_by_doing_it_again(house: House) -> None:
    ada = await house.person()
    await give(house, ADA, "merchant")
    ada = await again(house, ada)
    await house.engine.submit(RevokeScope(ada.user_id, "merchant"), by(house))
    assert (await ada.call("GET", "/api/me")).status_code == 200
    await take(house, ADA, "merchant")
    refused(await ada.call("GET", "/api/me"), 401, "unauthenticated")
    events = [recorded(row).event for row in await house.log.read_stream(ada.user_id)]
    assert events.count(ScopeRevoked("merchant")) == 1


async def test_whom_nobody_is_and_what_is_no_scope(house: House) -> None:
    await house.person()
    with pytest.raises(NotFound):
        await take(house, GRACE, "merchant")
    with pytest.raises(NotFound):
        await give(house, GRACE, "merchant")
    for scope in ("customer", "root"):
        with pytest.raises(Invalid):
            await take(house, ADA, scope)


async def test_a_sign_in_meanwhile_gets_no_token_with_what_was_taken(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process takes it while this one checks a password, so this one has not heard of the event."""
    ada = await house.person()
    await give(house, ADA, "admin")
    elsewhere = Engine(house.log)
    elsewhere.clock = house.clock
    await elsewhere.start()
    loop, issue = asyncio.get_running_loop(), house.vault.issue_family

    def late(account_id: str, scope: str) -> object:
        taking = scopes.take_away(elsewhere, house.vault, ADA["email"], "admin", by(house), forced=True)
        asyncio.run_coroutine_threadsafe(taking, loop).result(10)
        return issue(account_id, scope)

    monkeypatch.setattr(house.vault, "issue_family", late)
    assert (await again(house, ada)).tokens["scope"] == "customer"
    await elsewhere.close()


async def test_a_grant_by_the_program_itself_does_not_bring_it_back(house: House) -> None:
    ada = await house.person()
    await give(house, ADA, "merchant")
    await take(house, ADA, "merchant")
    with pytest.raises(Forbidden, match="taken from this account"):
        await house.engine.submit(GrantScope(ada.user_id, "merchant"), by(house))
    await give(house, ADA, "merchant")
    assert (await again(house, ada)).tokens["scope"] == "customer merchant"
