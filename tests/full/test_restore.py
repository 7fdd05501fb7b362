"""Log and vault come back from backups of different ages, as docs/full-profile.md says, and what is younger is gone."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.conftest import ROOT
from tests.e2e.house import charges
from tests.e2e.market import Seller, open_shop
from tests.e2e.shopper import PASSWORD, Shopper, problem, sign_up
from tests.full.commandline import output_of
from tests.full.processes import Everything, until_readable

pytestmark = [pytest.mark.stack, pytest.mark.timeout(400)]
PROGRAMS = Path("/usr/lib/postgresql/15/bin")


def program(name: str) -> str:
    return shutil.which(name) or str(PROGRAMS / name)


class Database:
    """The log or the vault: in a schema of its own, on a server that others use as well."""

    def __init__(self, url: str, schema: str) -> None:
        self._url, self._schema = url.partition("?options")[0], schema

    def backup(self, file: Path) -> Path:
        command = [program("pg_dump"), self._url, "--schema", self._schema, "--format=custom", "--file", str(file)]
        subprocess.run(command, check=True, timeout=60)
        return file

    def restore(self, file: Path) -> None:
        with psycopg.connect(self._url, autocommit=True) as connection:
            connection.execute(f"DROP SCHEMA {self._schema} CASCADE".encode())
        subprocess.run([program("pg_restore"), "--dbname", self._url, str(file)], check=True, timeout=60)


@pytest.mark.own_house
async def test_an_older_log_and_a_vault_older_still_come_back(house: Everything, tmp_path: Path):
    name = house.environment["KONTOR_NAMESPACE"]
    log = Database(house.environment["KONTOR_POSTGRES_URL"], name)
    vault = Database(house.environment["KONTOR_VAULT_URL"], f"{name}_vault")
    seller = await open_shop(house.http)
    sku = await seller.sells(stock=10, price=1999)
    buyer, erased = await (await sign_up(house.http)).move_in(), await sign_up(house.http, "Bob Example")
    another = await (await sign_up(house.http, "Eve Example")).move_in()
    kept = await buys(buyer, seller, sku)
    of_vault = vault.backup(tmp_path / "vault.dump")
    await erased.do("DELETE", "/api/me", status=204)
    await house.head()
    of_log = log.backup(tmp_path / "log.dump")
    lost, gone = await buys(buyer, seller, sku), await buys(another, seller, sku)
    await house.head()

    await stopped(house)
    log.restore(of_log)
    vault.restore(of_vault)
    printed = output_of(work(house), "clear-views", "--yes")
    for derived in (f"topic {name}.events", "Redis keys", f"keyspace {name}", f"{name}-products-*", "processes.db"):
        assert derived in printed
    await started(house)

    await as_it_was(house, buyer, kept, lost)
    await erased_again(erased)
    assert (await seller.stock(sku))["available"] == 9
    await buyer.sign_in(PASSWORD)
    assert await buys(buyer, seller, sku) == lost, "the same cart has the same number, and is paid for by itself"
    await what_is_still_lost_is_told(house, {gone, lost})
    assert {order: len(made) for order, made in charges(house.folder).items()} == {kept: 1, lost: 2, gone: 1}
    await buyer.read("/api/products?limit=1", Kontor_Min_Position=str(await house.head()))  # search is the last to come
    await house.deployment.proved()


async def buys(buyer: Shopper, seller: Seller, sku: str) -> str:
    await buyer.add(sku, shop=seller.shop_id)
    order = await buyer.buy()
    assert order["status"] == "PAID"
    return str(order["orderId"])


async def stopped(house: Everything) -> None:
    others = [one for name, one in house.parts.items() if name != "gateway"]
    assert set(await asyncio.gather(*(asyncio.to_thread(one.stop) for one in others))) == {0}


async def started(house: Everything) -> None:
    others = [one for name, one in house.parts.items() if name != "gateway"]
    for one in others:
        one.start()
    await asyncio.gather(*(one.ready() for one in others))
    await until_readable(house.http)


def work(house: Everything) -> dict[str, str]:
    """The environment that knows the folder of ``work processes``."""
    return {**house.environment, "KONTOR_DATA": str(house.deployment.folder / "work")}


async def as_it_was(house: Everything, buyer: Shopper, kept: str, lost: str) -> None:
    buyer.position = "0"
    await buyer.sign_in(PASSWORD)
    assert [order["orderId"] for order in (await buyer.read("/api/orders"))["items"]] == [kept]
    problem(await buyer.send("GET", f"/api/orders/{lost}"), 404, "not_found")


async def erased_again(erased: Shopper) -> None:
    """By a vault that had never heard of it."""
    form = {"grant_type": "password", "username": erased.email, "password": PASSWORD}
    async with asyncio.timeout(30):
        while (answer := await erased.http.post("/api/auth/token", data=form)).status_code == 200:  # noqa: ASYNC110
            await asyncio.sleep(0.2)
    problem(answer, 401, "unauthenticated")


async def what_is_still_lost_is_told(house: Everything, lost: set[str]) -> None:
    """The provider, whose records are younger than the log, has taken its money."""
    done: Any = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "kontor", "reconcile", "--json", "--border", "0", "--grace", "0"],
        cwd=ROOT,
        env=work(house),
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    named = {difference["orderId"] for difference in json.loads(done.stdout)["open"]}
    assert (done.returncode, named) == (1, lost), done.stdout + done.stderr
