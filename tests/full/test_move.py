"""A shop moves from one machine to the full profile, as docs/full-profile.md says, and nobody notices."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.contracts.objects import PNG
from tests.e2e.house import charges, in_process
from tests.e2e.market import Seller, open_shop
from tests.e2e.selling.pictures import shows
from tests.e2e.shopper import HOME, PASSWORD, Shopper, expect, problem, sign_up
from tests.full.commandline import output_of
from tests.full.processes import Everything, deployed, namespace

pytestmark = [pytest.mark.stack, pytest.mark.timeout(400)]


class Shop:
    """Before the move: a customer with a paid, a cancelled and an unfinished order, and one who was erased."""

    seller: Seller
    sku: str
    picture: str
    shopper: Shopper
    erased: Shopper
    paid: str
    cancelled: str
    unfinished: str


async def do_business(folder: Path) -> Shop:
    shop = Shop()
    # Calls to the provider hang for longer than this shop will live.
    async with in_process(folder, provider_timeout=60.0) as house:
        shop.seller = await open_shop(house.http)
        shop.sku = await shop.seller.sells(stock=10, price=1999)
        product = shop.seller.products[shop.sku]
        shop.picture = f"/api/media/{product}/{await shows(house, shop.seller, product)}.png"
        shop.shopper = await (await sign_up(house.http)).move_in()
        shop.erased = await sign_up(house.http, "Bob Example")
        await shop.erased.do("DELETE", "/api/me", status=204)
        shop.paid = await order(shop, "pm_card_visa", wait=10)
        shop.unfinished = await order(shop, "pm_sim_timeout")
        shop.cancelled = await order(shop, "pm_card_declined", wait=10)
        await shop.shopper.settled(shop.cancelled)
        async with asyncio.timeout(10):
            while shop.unfinished not in charges(folder):  # noqa: ASYNC110  # another program's file
                await asyncio.sleep(0.02)
    return shop


async def order(shop: Shop, card: str, wait: int | None = None) -> str:
    await shop.shopper.pays_with(card)
    await shop.shopper.add(shop.sku, shop=shop.seller.shop_id)
    placed: str = expect(202, await shop.shopper.place(wait=wait))["orderId"]
    return placed


@pytest.fixture
def environment() -> Iterator[dict[str, str]]:
    with namespace() as environment:
        yield environment


async def test_a_shop_moves_from_one_machine_to_the_full_profile(tmp_path: Path, environment: dict[str, str]) -> None:
    old, new = tmp_path / "kontor-data", tmp_path / "new"
    shop = await do_business(old)
    output_of(environment, "copy-log", "--from", str(old), "--to", environment["KONTOR_POSTGRES_URL"])
    printed = output_of(environment, "copy-vault", "--from", str(old), "--to", environment["KONTOR_VAULT_URL"])
    assert "1 erased persons stay unreadable" in printed
    (new / "gateway").mkdir(parents=True)
    for file in old.glob("provider.db*"):
        shutil.copy(file, new / "gateway")
    shutil.copytree(old / "objects", new / "objects")
    async with deployed(environment, new, "write", "read", "relay", "work") as house:
        await same_customer(house.http, shop)
        assert (await house.http.get(shop.picture)).content == PNG
        await unfinished_business(house, shop)
        await new_business(house.http, shop)
        await everybody_keeps_up(environment, house, new)


def at(http: httpx.AsyncClient, somebody: Shopper) -> Shopper:
    return replace(somebody, http=http)  # with the token of before the move: positions move along


async def same_customer(http: httpx.AsyncClient, shop: Shop) -> None:
    shopper = at(http, shop.shopper)
    profile = await shopper.read("/api/me")  # by the token of before the move
    assert profile["addresses"][0] | HOME == profile["addresses"][0]
    form = {"grant_type": "refresh_token", "refresh_token": shopper.refresh_token}
    expect(200, await http.post("/api/auth/token", data=form))
    await shopper.sign_in(PASSWORD)
    assert (await shopper.read("/api/me"))["email"] == shopper.email
    history = {order["orderId"]: order["status"] for order in (await shopper.read("/api/orders"))["items"]}
    assert history.keys() == {shop.paid, shop.cancelled, shop.unfinished}
    assert (history[shop.paid], history[shop.cancelled]) == ("PAID", "CANCELLED")
    shown = await shopper.order(shop.paid)
    assert shown["address"]["line1"] == HOME["line1"]
    form = {"grant_type": "password", "username": shop.erased.email, "password": PASSWORD}
    problem(await http.post("/api/auth/token", data=form), 401, "unauthenticated")


async def unfinished_business(house: Everything, shop: Shop) -> None:
    """The provider has charged it, and Kontor had not heard: it asks, and does not charge again."""
    settled = await at(house.http, shop.shopper).settled(shop.unfinished, within=60)
    amount = settled["totals"]["grand"]["amount"]
    assert settled["status"] == "PAID"
    assert charges(house.folder)[shop.unfinished] == [(amount, amount, 0, 0)]
    assert shop.paid in charges(house.folder), "its records moved along"


async def new_business(http: httpx.AsyncClient, shop: Shop) -> None:
    buyer = await (await sign_up(http)).move_in()
    await buyer.add(shop.sku, shop=shop.seller.shop_id)
    assert (await buyer.buy())["status"] == "PAID"
    seller = Seller(at(http, shop.seller.shopper), shop.seller.shop_id, shop.seller.currency)
    assert (await seller.stock(shop.sku, buyer.position))["available"] == 10 - 3


async def everybody_keeps_up(environment: dict[str, str], house: Everything, folder: Path) -> None:
    head = await house.head()
    asked: dict[str, Any] = {**house.environment, "KONTOR_DATA": str(folder / "work")}
    for _ in range(20):
        status = json.loads(await asyncio.to_thread(output_of, asked, "status", "--json"))
        if {consumer["lag"] for consumer in status["consumers"].values()} == {0}:
            break
        await asyncio.sleep(0.5)
    assert status["head"] >= head
    assert {name: at["lag"] for name, at in status["consumers"].items()} == dict.fromkeys(status["consumers"], 0)
    assert all(server["up"] for server in status["servers"].values()), status["servers"]
    assert status["parked"] == []
    assert "verified" in output_of(environment, "verify")
