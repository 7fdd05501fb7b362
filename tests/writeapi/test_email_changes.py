"""Another e-mail address: who may ask, what a letter's token is good for, and that claims are never lost or doubled."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from commands.context import system_context
from commands.linktokens import EMAIL, PASSWORD
from commands.mapper import recorded
from domain.buyers.account import ChangeProfile, EraseAccount
from domain.buyers.emailchange import AGAIN_MS, VALID_MS, EmailChangeAsked
from domain.claim import ReleaseClaim, TakeClaim
from domain.ids import claim_id
from readapi.edge.ratelimit import POLICIES
from streams.processes.erasure import erase
from tests.writeapi.conftest import ADA, GRACE, House, Person
from tests.writeapi.refusals import pointers, refused
from writeapi.accounts import addresschange

NEW = "ada.king@example.org"
AT = 1_800_000_000_000
pytestmark = pytest.mark.usefixtures("letters")


async def ask(person: Person, email: Any = NEW, password: str = ADA["password"]) -> httpx.Response:
    return await person.call("POST", "/api/me/email-changes", {"email": email, "currentPassword": password})


async def confirm(house: House, token: str) -> httpx.Response:
    return await house.http.post("/api/auth/email-changes/complete", json={"token": token})


def claim_of(house: House, email: str) -> str:
    return claim_id("email", house.vault.email_lookup(email))


def token_of(house: House, person: Person, email: str = NEW, asked_at: int | None = None) -> str:
    """What a letter would bring."""
    at = house.clock() if asked_at is None else asked_at
    token = house.vault.link_token(EMAIL, person.user_id, claim_of(house, email), at)
    assert token is not None
    return token


async def owner(house: House, email: str) -> str:
    return str((await house.engine.state(claim_of(house, email))).owner)


async def changed(house: House, person: Person, email: str = NEW) -> None:
    assert (await ask(person, email)).status_code == 202
    answer = await confirm(house, token_of(house, person, email))
    assert (answer.status_code, answer.content) == (204, b"")


async def test_nothing_changes_until_the_new_address_answers(house: House) -> None:
    ada = await house.person()
    assert (await ask(ada)).status_code == 202
    assert (await ada.me())["email"] == "Ada.Lovelace@example.com"
    assert (await house.sign_in(NEW, ADA["password"])).status_code == 401
    assert await owner(house, NEW) == ""
    answer = await confirm(house, token_of(house, ada))
    assert (answer.status_code, answer.content) == (204, b"")
    me = await ada.me()
    assert (me["email"], me["name"]) == (NEW, ADA["name"])
    assert (await house.sign_in(NEW, ADA["password"])).status_code == 200
    assert (await house.sign_in(ADA["email"], ADA["password"])).status_code == 401
    assert (await owner(house, NEW), await owner(house, ADA["email"])) == (ada.user_id, "")


async def test_the_old_address_is_free_for_others_and_for_oneself(house: House) -> None:
    ada = await house.person()
    await changed(house, ada)
    assert (await house.register({**GRACE, "email": ADA["email"]})).status_code == 201
    refused(await ask(ada, ADA["email"]), 422, "validation_failed")
    await changed(house, ada, "third@example.com")
    await changed(house, ada)
    assert (await ada.me())["email"] == NEW


async def test_the_same_link_twice_is_as_good_as_once(house: House) -> None:
    """The answer may have been lost."""
    ada = await house.person()
    await ask(ada)
    token = token_of(house, ada)
    head = 0
    for _ in range(2):
        assert (await confirm(house, token)).status_code == 204
        head = head or await house.log.head()
    assert await house.log.head() == head


async def test_who_asks_has_to_know_the_password(house: House) -> None:
    ada = await house.person()
    answers = await asyncio.gather(*(ask(ada, NEW, f"wrong {n}") for n in range(12)))
    assert sorted(answer.status_code for answer in answers) == [422] * 10 + [429] * 2
    refusal = next(answer for answer in answers if answer.status_code == 422)
    assert pointers(refused(refusal, 422, "validation_failed")) == ["#/currentPassword"]
    refused(await house.http.post("/api/me/email-changes", json={}), 401, "unauthenticated")


@pytest.mark.parametrize("email", ["nobody", "a@b@c", "ada@", ADA["email"].upper(), GRACE["email"].upper(), 7, None])
async def test_addresses_that_cannot_be_had(house: House, email: Any) -> None:
    ada = await house.person()
    await house.person(GRACE)
    assert pointers(refused(await ask(ada, email), 422, "validation_failed")) == ["#/email"]


async def test_asking_who_has_an_address_is_limited(house: House) -> None:
    ada = await house.person()
    house.app.state.edge.limiter._policies["taken"] = (3, 60)
    for number in range(3):
        await house.register({**GRACE, "email": f"{number}@example.com"})
        refused(await ask(ada, f"{number}@example.com"), 422, "validation_failed")
    assert refused(await ask(ada, "4@example.com"), 429, "rate_limited")["policy"] == "taken"


async def test_an_address_is_written_to_only_so_often(house: House) -> None:
    ada = await house.person()
    for _ in range(POLICIES["letters"].quota):
        assert (await ask(ada)).status_code == 202
    assert refused(await ask(ada, NEW.upper()), 429, "rate_limited")["policy"] == "letters"


async def test_asking_twice_in_a_minute_is_once(house: House) -> None:
    house.now = AT
    ada = await house.person()
    for _ in range(2):
        assert (await ask(ada)).status_code == 202
    house.now += AGAIN_MS
    await ask(ada)
    asked = [recorded(row).event for row in await house.log.read_stream(ada.user_id)]
    assert [one.at for one in asked if isinstance(one, EmailChangeAsked)] == [AT, AT + AGAIN_MS]


async def test_a_shop_without_letters_says_so(house: House) -> None:
    ada = await house.person()
    house.app.state.services.letters_with_links = False
    assert "sends no links" in refused(await ask(ada), 409, "illegal_transition")["detail"]


async def test_tokens_that_confirm_nothing_are_all_told_the_same(house: House) -> None:
    house.now = AT
    ada = await house.person()
    await ask(ada, "first@example.com")
    replaced = token_of(house, ada, "first@example.com")
    await ask(ada)
    good = token_of(house, ada)
    reset = house.vault.link_token(PASSWORD, ada.user_id, claim_of(house, NEW), AT)
    assert reset is not None
    altered = good[:-2] + ("AA" if not good.endswith("AA") else "BB")
    house.now = AT + VALID_MS + 1
    refusals = []
    for token in (replaced, altered, reset, reset.replace("kpr", "kem"), good, "kem_invented"):
        refusals.append({**refused(await confirm(house, token), 422, "validation_failed"), "traceId": ""})
    assert [one for one in refusals if one != refusals[0]] == []
    assert [entry["pointer"] for entry in refusals[0]["errors"]] == ["#/token"]
    house.now = AT + VALID_MS
    assert (await confirm(house, good)).status_code == 204


async def test_a_change_of_the_password_ends_it(house: House) -> None:
    ada = await house.person()
    await ask(ada)
    token = token_of(house, ada)
    body = {"currentPassword": ADA["password"], "newPassword": "another horse battery"}
    assert (await ada.call("PUT", "/api/me/password", body)).status_code == 204
    refused(await confirm(house, token), 422, "validation_failed")
    assert (await ada.me())["email"] == "Ada.Lovelace@example.com"


async def test_a_link_for_the_password_to_the_old_address_ends_with_the_change(house: House) -> None:
    ada = await house.person()
    link = house.vault.link_token(PASSWORD, ada.user_id, claim_of(house, ADA["email"]), house.clock())
    await changed(house, ada)
    body = {"token": link, "newPassword": "another horse battery"}
    refused(await house.http.post("/api/auth/password-resets/complete", json=body), 422, "validation_failed")


async def test_whoever_took_the_address_meanwhile_keeps_it(house: House) -> None:
    ada = await house.person()
    await ask(ada)
    await house.person({**GRACE, "email": NEW})
    problem = refused(await confirm(house, token_of(house, ada)), 422, "validation_failed")
    assert pointers(problem) == ["#/token"]
    assert "somebody else" in problem["detail"]
    assert (await ada.me())["email"] == "Ada.Lovelace@example.com"
    assert await owner(house, ADA["email"]) == ada.user_id


async def test_of_two_who_want_one_address_one_gets_it(house: House) -> None:
    ada, grace = await house.person(), await house.person(GRACE)
    await ask(ada)
    await ask(grace, NEW, GRACE["password"])
    answers = await asyncio.gather(*(confirm(house, token_of(house, one)) for one in (ada, grace)))
    assert sorted(answer.status_code for answer in answers) == [204, 422]
    assert sorted([(await ada.me())["email"] == NEW, (await grace.me())["email"] == NEW]) == [False, True]


async def test_a_name_that_changes_in_the_same_moment_is_kept(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    ada = await house.person()
    await ask(ada)
    load = house.engine.load
    turns = 0

    async def meanwhile(stream: str, **options: Any) -> Any:
        nonlocal turns
        known = await load(stream, **options)
        if turns == 0:
            turns += 1
            profile = house.vault.seal(ada.user_id, {"name": "Ada King", "email": ADA["email"]})
            await house.engine.submit(ChangeProfile(ada.user_id, profile), system_context("test", house.clock()))
        return known

    class Loading:
        load = staticmethod(meanwhile)

        def __getattr__(self, name: str) -> Any:
            return getattr(house.engine, name)

    engine: Any = Loading()
    await addresschange.confirm(
        engine, house.vault, token_of(house, ada), lambda account_id: system_context("test", house.clock())
    )
    me = await ada.me()
    assert (turns, me["email"], me["name"]) == (1, NEW, "Ada King")


# what a crash leaves behind


async def test_a_claim_that_was_taken_and_never_used_is_anybodys_in_the_end(house: House) -> None:
    house.now = AT
    ada = await house.person()
    await ask(ada)
    context = system_context("test", AT)
    await house.engine.submit(TakeClaim(claim_of(house, NEW), ada.user_id), context)
    refused(await house.register({**GRACE, "email": NEW}), 422, "validation_failed")
    assert (await confirm(house, token_of(house, ada))).status_code == 204, "the link goes on where it was"
    await changed(house, ada, "third@example.com")
    await house.engine.submit(TakeClaim(claim_of(house, NEW), ada.user_id), context)
    assert (await house.register({**GRACE, "email": NEW})).status_code == 201
    assert (await ada.me())["email"] == "third@example.com"


async def test_one_that_may_still_be_used_is_nobody_elses(house: House) -> None:
    house.now = AT
    ada = await house.person()
    await ask(ada)
    await house.engine.submit(TakeClaim(claim_of(house, NEW), ada.user_id), system_context("test", AT))
    house.now = AT + VALID_MS + AGAIN_MS
    refused(await house.register({**GRACE, "email": NEW}), 422, "validation_failed")
    house.now += 1
    assert (await house.register({**GRACE, "email": NEW})).status_code == 201


async def test_an_old_claim_that_was_not_let_go_of_is_anybodys(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    ada = await house.person()
    await ask(ada)
    submit = house.engine.submit

    def dying(command: Any, *args: Any, **kwargs: Any) -> Any:
        if isinstance(command, ReleaseClaim):
            raise RuntimeError
        return submit(command, *args, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr(house.engine, "submit", dying)
        with pytest.raises(RuntimeError):
            await addresschange.confirm(
                house.engine, house.vault, token_of(house, ada), lambda _: system_context("test", house.clock())
            )
    assert await owner(house, ADA["email"]) == ada.user_id
    assert (await house.register({**GRACE, "email": ADA["email"]})).status_code == 201
    assert (await ada.me())["email"] == NEW


# erasing


async def test_an_erasure_lets_go_of_every_address(house: House) -> None:
    ada = await house.person()
    await changed(house, ada)
    await ask(ada, "third@example.com")
    token = token_of(house, ada, "third@example.com")
    context = system_context("test", house.clock())
    await house.engine.submit(TakeClaim(claim_of(house, "third@example.com"), ada.user_id), context)
    await erase(house.engine, house.vault, ada.user_id, context)
    for email in (ADA["email"], NEW, "third@example.com"):
        assert await owner(house, email) == ""
    refused(await confirm(house, token), 422, "validation_failed")


async def test_an_erased_account_takes_no_address(house: House) -> None:
    ada = await house.person()
    await ask(ada)
    token = token_of(house, ada)
    await house.engine.submit(EraseAccount(ada.user_id), system_context("test", house.clock()))
    refused(await confirm(house, token), 422, "validation_failed")
    assert await owner(house, NEW) == ""


async def test_no_address_is_in_the_log(house: House) -> None:
    ada = await house.person()
    await changed(house, ada)
    stored = b"".join(bytes(row.data) for row in await house.log.read(0, 100)).lower()
    for email in (NEW, ADA["email"].lower()):
        assert email.encode() not in stored
