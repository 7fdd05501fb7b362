"""One's own profile, addresses and payment methods; what is kept of them where; and how all of it ends."""

from __future__ import annotations

import logging
from typing import Any

import pytest
import structlog

from commands.context import system_context
from commands.mapper import recorded
from domain.buyers.account import ACCOUNT, ActiveAccount, AddressPut, EraseAccount, ErasedAccount
from tests.writeapi.conftest import ADA, GRACE, HOME, House, Person
from tests.writeapi.refusals import pointers, refused

CARD = "4242424242424242"
CARD_SPELLINGS = (
    CARD,
    "4242 4242 4242 4242",
    "4242-4242-4242-4242",
    "tok_4242424242424242",
    "card_4242_4242_4242_4242",
)


async def add_address(person: Person, address: dict[str, Any] = HOME, **headers: str) -> str:
    answer = await person.call("POST", "/api/me/addresses", address, **headers)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["addressId"])


async def add_method(person: Person, token: str = "pm_card_visa") -> str:
    answer = await person.call("POST", "/api/me/payment-methods", {"token": token})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["paymentMethodId"])


# reading


async def test_what_one_sees_of_oneself(house: House) -> None:
    ada = await house.person()
    address_id, method_id = await add_address(ada), await add_method(ada)
    answer = await ada.call("GET", "/api/me")
    body = answer.json()
    assert (answer.headers["etag"], body["version"]) == ('"3"', 3)
    assert answer.headers["kontor-position"] == str(await house.log.head())
    for one in (body, *body["addresses"], *body["paymentMethods"]):
        assert one.pop("createdAt") <= one.pop("updatedAt")
    assert body == {
        "userId": ada.user_id,
        "email": "Ada.Lovelace@example.com",
        "emailConfirmed": False,
        "confirmationAskedAt": None,
        "name": "Ada Lovelace",
        "scopes": ["customer"],
        "notifications": {"orders": True, "wishes": False},
        "addresses": [{"addressId": address_id, **HOME}],
        "paymentMethods": [{"paymentMethodId": method_id, "token": "pm_card_visa"}],
        "version": 3,
    }
    assert (await ada.call("GET", "/api/me", If_None_Match='"3"')).status_code == 304


async def test_whether_one_is_told_of_ones_orders(house: House) -> None:
    ada = await house.person()

    async def name_and_notices() -> tuple[str, bool]:
        body = (await ada.call("GET", "/api/me")).json()
        return body["name"], body["notifications"]["orders"]

    quiet = {"notifications": {"orders": False}}
    changed = await ada.call("PATCH", "/api/me", quiet)
    assert changed.json()["version"] == 2
    assert await name_and_notices() == ("Ada Lovelace", False)
    assert (await ada.call("PATCH", "/api/me", quiet)).json()["version"] == 2
    both = {"name": "Ada King", "notifications": {"orders": True}}
    assert (await ada.call("PATCH", "/api/me", both, If_Match='"2"')).json()["version"] == 4
    assert await name_and_notices() == ("Ada King", True)
    for wrong in ({"orders": "maybe"}, {}, {"orders": True, "news": True}):
        refused(await ada.call("PATCH", "/api/me", {"notifications": wrong}), 422, "validation_failed")


async def test_being_told_of_wishes_is_chosen_apart(house: House) -> None:
    ada = await house.person()
    chosen = {"notifications": {"wishes": True}}
    for _ in range(2):
        assert (await ada.call("PATCH", "/api/me", chosen)).json()["version"] == 2
    assert (await ada.call("GET", "/api/me")).json()["notifications"] == {"orders": True, "wishes": True}
    quiet = {"notifications": {"orders": False}}
    assert (await ada.call("PATCH", "/api/me", quiet)).json()["version"] == 3
    assert (await ada.call("GET", "/api/me")).json()["notifications"] == {"orders": False, "wishes": True}


async def test_reading_needs_a_token(house: House) -> None:
    refused(await house.http.get("/api/me"), 401, "unauthenticated")


async def test_a_position_that_is_not_there_yet(house: House) -> None:
    ada = await house.person()
    assert (await ada.call("GET", "/api/me", Kontor_Min_Position="2")).status_code == 200
    refused(await ada.call("GET", "/api/me", Kontor_Min_Position="3"), 503, "position_not_reached")


# profile


async def test_the_name_can_be_changed(house: House) -> None:
    ada = await house.person()
    answer = await ada.call("PATCH", "/api/me", {"name": " Ada King "})
    assert answer.json() == {"userId": ada.user_id, "version": 2, "position": answer.headers["kontor-position"]}
    me = await ada.me()
    assert (me["name"], me["email"]) == ("Ada King", "Ada.Lovelace@example.com")


@pytest.mark.parametrize("body", [{}, {"name": "Ada Lovelace"}])
async def test_a_change_that_changes_nothing_writes_nothing(house: House, body: dict[str, str]) -> None:
    ada = await house.person()
    head = await house.log.head()
    answer = await ada.call("PATCH", "/api/me", body, If_Match='"1"')
    assert (answer.status_code, answer.json()["version"]) == (200, 1)
    refused(await ada.call("PATCH", "/api/me", body, If_Match='"7"'), 412, "version_mismatch")
    assert await house.log.head() == head


@pytest.mark.parametrize("body", [{"name": ""}, {"name": None}, {"name": "A\u0007"}, {"name": "x" * 101}])
async def test_names_that_will_not_do(house: House, body: dict[str, Any]) -> None:
    ada = await house.person()
    assert pointers(refused(await ada.call("PATCH", "/api/me", body), 422, "validation_failed")) == ["#/name"]


async def test_the_address_one_signs_in_with_stays(house: House) -> None:
    ada = await house.person()
    answer = await ada.call("PATCH", "/api/me", {"email": "else@example.com"})
    assert pointers(refused(answer, 422, "validation_failed")) == ["#/email"]


async def test_if_match(house: House) -> None:
    ada = await house.person()
    assert (await ada.call("PATCH", "/api/me", {"name": "Ada King"}, If_Match='"1"')).status_code == 200
    refused(await ada.call("PATCH", "/api/me", {"name": "Ada"}, If_Match='"1"'), 412, "version_mismatch")
    refused(await ada.call("POST", "/api/me/addresses", HOME, If_Match='"1"'), 412, "version_mismatch")
    refused(await ada.call("DELETE", "/api/me", If_Match='"1"'), 412, "version_mismatch")
    await ada.me()


# addresses


async def test_an_address_can_be_changed_in_part(house: House) -> None:
    ada = await house.person()
    address_id = await add_address(ada, {**HOME, "line2": "Flat 3"})
    path = f"/api/me/addresses/{address_id}"
    moved = {"line1": "1 Main Street", "line2": None, "region": "NY", "postalCode": "10118"}
    assert (await ada.call("PATCH", path, moved)).json()["addressId"] == address_id
    [address] = (await ada.me())["addresses"]
    assert address.pop("createdAt") < address.pop("updatedAt")
    assert address == {"addressId": address_id, **HOME, "line1": "1 Main Street", "region": "NY", "postalCode": "10118"}
    state = await house.engine.state(ada.user_id)
    assert (state.addresses[address_id].country, state.addresses[address_id].region) == ("US", "NY")


async def test_an_address_can_be_removed_once(house: House) -> None:
    ada = await house.person()
    path = f"/api/me/addresses/{await add_address(ada)}"
    answer = await ada.call("DELETE", path)
    assert (answer.status_code, answer.headers["etag"]) == (204, '"3"')
    refused(await ada.call("DELETE", path), 404, "not_found")
    assert (await ada.me())["addresses"] == []


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        ({"country": "ZZ"}, ["#/country"]),
        ({"country": "us"}, ["#/country"]),
        ({"country": None}, ["#/country"]),
        ({"postalCode": "ABC"}, ["#/postalCode"]),
        ({"postalCode": None, "region": None}, ["#/region", "#/postalCode"]),
        ({"city": None}, ["#/city"]),
        ({"city": "   "}, ["#/city"]),
        ({"country": "DE"}, []),
        ({"country": "GB"}, ["#/postalCode"]),
        ({"line1": ""}, ["#/line1"]),
        ({"line1": "x\ny"}, ["#/line1"]),
        ({"name": "x" * 101}, ["#/name"]),
        ({"planet": "Mars"}, ["#/planet"]),
    ],
)
async def test_addresses_follow_their_countrys_rules(house: House, change: dict[str, Any], wrong: list[str]) -> None:
    ada = await house.person()
    address_id = await add_address(ada)
    created = await ada.call("POST", "/api/me/addresses", {**HOME, **change})
    changed = await ada.call("PATCH", f"/api/me/addresses/{address_id}", change)
    if wrong:
        assert pointers(refused(created, 422, "validation_failed")) == wrong
        assert pointers(refused(changed, 422, "validation_failed")) == wrong
    else:
        assert (created.status_code, changed.status_code) == (201, 200)


async def test_where_there_are_no_postal_codes_none_is_asked_for(house: House) -> None:
    ada = await house.person()
    await add_address(ada, {"name": "Ada", "line1": "Sheikh Zayed Road 1", "region": "Dubai", "country": "AE"})


async def test_what_belongs_to_somebody_else_is_not_found(house: House) -> None:
    ada, grace = await house.person(ADA), await house.person(GRACE)
    address, method = await add_address(ada), await add_method(ada)
    refused(await grace.call("PATCH", f"/api/me/addresses/{address}", {"city": "X"}), 404, "not_found")
    refused(await grace.call("DELETE", f"/api/me/addresses/{address}"), 404, "not_found")
    refused(await grace.call("DELETE", f"/api/me/payment-methods/{method}"), 404, "not_found")
    refused(await grace.call("DELETE", "/api/me/addresses/..%2f..%2fx"), 404, "not_found")
    assert len((await ada.me())["addresses"]) == 1


async def test_a_repeated_request_keeps_one_address(house: House) -> None:
    ada, grace = await house.person(ADA), await house.person(GRACE)
    first = await ada.call("POST", "/api/me/addresses", HOME, Idempotency_Key="k")
    second = await ada.call("POST", "/api/me/addresses", HOME, Idempotency_Key="k")
    assert first.json() == second.json()
    assert second.headers["idempotent-replayed"] == "true"
    assert len((await ada.me())["addresses"]) == 1
    other = await ada.call("POST", "/api/me/addresses", {**HOME, "city": "Chicago"}, Idempotency_Key="k")
    refused(other, 422, "idempotency_key_reused")
    assert await add_address(grace, Idempotency_Key="k") != first.json()["addressId"]


# payment methods


async def test_a_payment_method_can_be_removed(house: House) -> None:
    ada = await house.person()
    path = f"/api/me/payment-methods/{await add_method(ada)}"
    assert (await ada.call("DELETE", path)).status_code == 204
    refused(await ada.call("DELETE", path), 404, "not_found")
    assert (await ada.me())["paymentMethods"] == []


@pytest.mark.parametrize("token", ["", "1234", "pm card", "pm-card", "x" * 201, "ｐｍ", 7, None, CARD, int(CARD)])
async def test_only_tokens_are_taken(house: House, token: Any) -> None:
    ada = await house.person()
    answer = await ada.call("POST", "/api/me/payment-methods", {"token": token})
    assert pointers(refused(answer, 422, "validation_failed")) == ["#/token"]


async def test_a_card_number_is_neither_kept_nor_logged_nor_repeated(
    house: House, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    ada = await house.person()
    said = ""
    for n, spelling in enumerate(CARD_SPELLINGS):
        for token in (spelling, {"number": spelling}, [spelling]):
            answer = await ada.call("POST", "/api/me/payment-methods", {"token": token}, Idempotency_Key=f"k{n}")
            refused(answer, 422, "validation_failed")
            said += answer.text + str(answer.headers)
    captured = capfd.readouterr()
    said += captured.out + captured.err + caplog.text
    disk = house.on_disk()
    for spelling in CARD_SPELLINGS:
        assert spelling not in said
        assert spelling.encode() not in disk


# what is where


async def test_nothing_personal_and_no_secret_is_readable_on_disk_or_logged(
    house: House, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with structlog.testing.capture_logs() as entries:
        ada = await house.person()
        path = f"/api/me/addresses/{await add_address(ada, Idempotency_Key='a')}"
        await ada.call("PATCH", path, {"line1": "7 Secret Lane"}, Idempotency_Key="b")
        await ada.call("PATCH", "/api/me", {"name": "Augusta Byron"}, Idempotency_Key="c")
        await house.register({**ADA, "name": "Impostor Jones"}, Idempotency_Key="d")
        await house.sign_in(ADA["email"], "a wrong password")
        await house.sign_in("missspelt@example.com", ADA["password"])
        old = ada.tokens
        ada.tokens = (await house.refresh(old["refresh_token"])).json()
        await ada.me()
    captured = capfd.readouterr()
    logged = (captured.out + captured.err + caplog.text + str(entries)).encode()
    disk = house.on_disk()
    assert b"claim.taken" in disk, "the scan sees what is stored"
    secrets = [*ADA.values(), "a wrong password", *_tokens(old), *_tokens(ada.tokens)]
    personal = [HOME["line1"], HOME["city"], HOME["postalCode"], "7 Secret Lane", "Augusta Byron", "Impostor Jones"]
    for text in (*secrets, *personal, "missspelt", "lovelace"):
        for spelling in {text, text.lower()}:
            assert spelling.encode() not in disk, spelling
            assert spelling.encode() not in logged, spelling


def _tokens(tokens: dict[str, Any]) -> list[str]:
    return [tokens["access_token"], tokens["refresh_token"]]


async def test_of_an_address_only_country_and_region_are_open(house: House) -> None:
    ada = await house.person()
    await add_address(ada)
    put = recorded((await house.log.read_stream(ada.user_id))[-1]).event
    assert isinstance(put, AddressPut)
    assert (put.address.country, put.address.region) == ("US", "IL")
    assert house.vault.open(ada.user_id, put.address.sealed) == HOME


# erasing


async def test_an_erased_person_is_gone_and_the_log_still_folds(house: House) -> None:
    ada = await house.person()
    elsewhere = (await house.sign_in(ADA["email"], ADA["password"])).json()
    await add_address(ada)
    answer = await ada.call("DELETE", "/api/me")
    assert answer.status_code == 204
    assert answer.headers["kontor-position"] == str(await house.log.head())
    for tokens in (ada.tokens, elsewhere):
        refused(await Person(house, ada.user_id, tokens).call("GET", "/api/me"), 401, "unauthenticated")
        refused(await house.refresh(tokens["refresh_token"]), 401, "unauthenticated")
    refused(await house.sign_in(ADA["email"], ADA["password"]), 401, "unauthenticated")
    events = [recorded(row).event for row in await house.log.read_stream(ada.user_id)]
    before = ACCOUNT.fold(events[:-1])
    assert isinstance(before, ActiveAccount)
    sealed = [before.profile, *(address.sealed for address in before.addresses.values())]
    assert [house.vault.open(ada.user_id, each) for each in sealed] == [None, None]
    assert ACCOUNT.fold(events) == ErasedAccount()


async def test_the_address_is_free_again_for_a_new_person(house: House) -> None:
    ada = await house.person()
    await ada.call("DELETE", "/api/me")
    again = await house.person()
    assert again.user_id != ada.user_id
    assert (await again.me())["addresses"] == []


STEPS = ("destroy_key", "drop_credentials", "revoke_account")


@pytest.mark.parametrize("step", STEPS)
async def test_an_interrupted_erasure_is_finished_by_the_same_request(
    house: House, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = await house.person()
    await add_address(ada)
    version = '"2"'

    def crash(account_id: str) -> None:
        raise OSError("pulled the plug")

    with monkeypatch.context() as broken:
        broken.setattr(house.vault, step, crash)
        with structlog.testing.capture_logs():
            refused(await ada.call("DELETE", "/api/me", If_Match=version), 500, "internal")
    assert (await ada.call("DELETE", "/api/me", If_Match=version)).status_code == 204
    refused(await ada.call("GET", "/api/me"), 401, "unauthenticated")
    refused(await house.sign_in(ADA["email"], ADA["password"]), 401, "unauthenticated")
    assert (await house.register()).status_code == 201


async def test_somebody_half_erased_can_do_nothing(house: House) -> None:
    ada = await house.person()
    address = await add_address(ada)
    await house.engine.submit(EraseAccount(ada.user_id), system_context("test", house.clock()))
    refused(await ada.call("GET", "/api/me"), 404, "not_found")
    refused(await ada.call("PATCH", "/api/me", {"name": "X"}), 409, "illegal_transition")
    refused(await ada.call("POST", "/api/me/addresses", HOME), 409, "illegal_transition")
    refused(await ada.call("DELETE", f"/api/me/addresses/{address}"), 409, "illegal_transition")
    refused(await ada.call("POST", "/api/me/payment-methods", {"token": "pm_card_visa"}), 409, "illegal_transition")


async def test_half_an_erasure_frees_the_address(house: House) -> None:
    """A crash before the claim was released must not keep the address from its owner's new account."""
    ada = await house.person()
    await house.engine.submit(EraseAccount(ada.user_id), system_context("test", house.clock()))
    assert (await house.register()).status_code == 201
    assert (await ada.call("DELETE", "/api/me")).status_code == 204
    assert (await house.sign_in(ADA["email"], ADA["password"])).status_code == 200
