"""An erasure that was cut off after its event is finished by whoever is there next."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from commands.context import system_context
from commands.errors import StorageUnavailable, UnreadableStream
from domain.buyers.account import ActiveAccount, EraseAccount
from streams.processes import erasure
from tests.e2e.house import House, in_process
from tests.e2e.shopper import PASSWORD, Shopper, sign_up
from tests.waiting import until


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(erasure, "GRACE_S", 0.02)


async def profile_of(house: House, account_id: str) -> bytes:
    account = await house.services.engine.state(account_id)
    assert isinstance(account, ActiveAccount)
    return account.profile


async def cut_off_after_the_event(house: House, account_id: str) -> None:
    """As a crash leaves it: the account has ended, and key, password and sessions are all there."""
    await house.services.engine.submit(EraseAccount(account_id), system_context("test", house.services.clock()))


async def nothing_is_left(house: House, ada: Shopper, sealed: bytes) -> None:
    vault = house.services.vault
    for _ in range(500):
        if vault.left_of([ada.user_id]):
            await asyncio.sleep(0.01)
    assert vault.left_of([ada.user_id]) == []
    assert vault.open(ada.user_id, sealed) is None
    body = {"email": ada.email, "password": PASSWORD, "name": "Ada once more"}
    assert (await house.http.post("/api/auth/register", json=body)).status_code == 201, "the address is free again"


async def test_a_restart_finishes_it(tmp_path: Path) -> None:
    async with in_process(tmp_path / "data") as house:
        ada, bob = await sign_up(house.http), await sign_up(house.http)
        hers, his = await profile_of(house, ada.user_id), await profile_of(house, bob.user_id)
        await cut_off_after_the_event(house, ada.user_id)
        assert house.services.vault.open(ada.user_id, hers) is not None
    async with in_process(tmp_path / "data") as house:
        await nothing_is_left(house, ada, hers)
        assert house.services.vault.open(bob.user_id, his) is not None
        assert house.services.vault.left_of([bob.user_id]) == [bob.user_id]


@pytest.mark.usefixtures("hurried")
async def test_whoever_follows_the_log_finishes_it(tmp_path: Path) -> None:
    """Also when it was begun by another process, which is gone."""
    async with in_process(tmp_path / "data") as house:
        ada = await sign_up(house.http)
        sealed = await profile_of(house, ada.user_id)
        await cut_off_after_the_event(house, ada.user_id)
        await nothing_is_left(house, ada, sealed)


@pytest.mark.usefixtures("hurried")
async def test_what_fails_is_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with in_process(tmp_path / "data") as house:
        ada = await sign_up(house.http)
        sealed = await profile_of(house, ada.user_id)
        vault, tried = house.services.vault, []
        really = vault.destroy_key

        def at_the_third_go(person_id: str) -> None:
            tried.append(person_id)
            if len(tried) < 3:
                raise OSError("the disk is full")
            really(person_id)

        monkeypatch.setattr(vault, "destroy_key", at_the_third_go)
        await cut_off_after_the_event(house, ada.user_id)
        await nothing_is_left(house, ada, sealed)
        assert len(tried) == 3


@pytest.mark.usefixtures("hurried")
@pytest.mark.parametrize("away", [StorageUnavailable("no answer"), sqlite3.OperationalError("database is locked")])
async def test_an_outage_is_told_as_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, away: Exception) -> None:
    """Of the log or of the vault: it is nothing that anybody could mend here, and no traceback for each attempt."""
    async with in_process(tmp_path / "data") as house:
        ada = await sign_up(house.http)
        sealed, really, tried = await profile_of(house, ada.user_id), erasure.erase, []

        async def at_the_third_go(*asked: Any) -> int:
            tried.append(asked)
            if len(tried) < 3:
                raise away
            return await really(*asked)

        monkeypatch.setattr(erasure, "erase", at_the_third_go)
        with capture_logs() as logged:
            await cut_off_after_the_event(house, ada.user_id)
            await nothing_is_left(house, ada, sealed)
        assert not [entry for entry in logged if entry["log_level"] == "error"]
        assert [entry["event"] for entry in logged if "erasures" in entry["event"]] == [
            "erasures_wait",
            "erasures_go_on",
        ]


async def test_one_that_cannot_be_read_keeps_no_others_waiting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    really, asked = erasure.erase, []

    async def not_the_first(engine: Any, vault: Any, account_id: str, context: Any) -> int:
        asked.append(account_id)
        if account_id == asked[0]:
            raise UnreadableStream(account_id)
        return await really(engine, vault, account_id, context)

    monkeypatch.setattr(erasure, "erase", not_the_first)
    async with in_process(tmp_path / "data") as house:
        people = [await sign_up(house.http) for _ in range(3)]
        sealed = {one.user_id: await profile_of(house, one.user_id) for one in people}
        for one in people:
            await cut_off_after_the_event(house, one.user_id)
    async with in_process(tmp_path / "data") as house:
        await until(lambda: asked)
        for one in people:
            if one.user_id != asked[0]:
                await nothing_is_left(house, one, sealed[one.user_id])
