"""Several processes on one data folder: they share the stock, and each reads what the other wrote."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import httpx
import pytest

from tests.e2e.house import Process, charges, kontor, process
from tests.e2e.market import Seller, open_shop
from tests.e2e.shopper import Shopper, expect, sign_up

pytestmark = pytest.mark.crash
BUYERS = 12
STOCK = 5


@asynccontextmanager
async def services(folder: Path, *commands: tuple[str, ...]) -> AsyncIterator[list[httpx.AsyncClient]]:
    """A client for each of these commands, all on the same folder."""
    async with AsyncExitStack() as stack:
        running: list[Process] = []
        for command in commands:
            running.append(stack.enter_context(process(*command, data=folder)))
            running[-1].url()  # one after the other: who comes first makes the folder
        yield [await stack.enter_async_context(httpx.AsyncClient(base_url=one.url(), timeout=30)) for one in running]


async def buyers(https: list[httpx.AsyncClient]) -> list[Shopper]:
    return [await (await sign_up(https[i % len(https)])).move_in() for i in range(BUYERS)]


def children_of(supervisor: Process) -> list[int]:
    listed = subprocess.run(["ps", "-o", "pid=", "--ppid", str(supervisor.popen.pid)], capture_output=True, check=True)
    return [int(pid) for pid in listed.stdout.split()]


async def race(people: list[Shopper], seller: Seller, sku: str) -> int:
    """Everybody wants one; how many got it."""
    for one in people:
        await one.add(sku, shop=seller.shop_id)
    answers = await asyncio.gather(*(one.place(wait=10) for one in people))
    assert {answer.status_code for answer in answers} <= {202, 409}, [answer.text for answer in answers]
    orders = [answer.json() for answer in answers if answer.status_code == 202]
    assert {order["status"] for order in orders} <= {"PAID", "CANCELLED"}, [order["status"] for order in orders]
    return sum(order["status"] == "PAID" for order in orders)


def books_agree(folder: Path, sold: int) -> None:
    charged = charges(folder)
    assert all(len(of_order) == 1 for of_order in charged.values())
    assert sum(captured > refunded for [(_, captured, refunded, _)] in charged.values()) == sold
    verified = kontor("verify", data=folder)
    assert verified.returncode == 0, verified.stderr


async def test_two_workers_sell_exactly_what_there_is(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    with process("serve", "all", "--workers", "2", data=folder) as both:
        url = both.url(ready=2)
        # Each connection may be another worker's: no two requests share one.
        limits = httpx.Limits(max_keepalive_connections=0)
        async with httpx.AsyncClient(base_url=url, timeout=30, limits=limits) as http:
            seller = await open_shop(http)
            sku = await seller.sells(stock=STOCK)
            people = await buyers([http])
            assert await race(people, seller, sku) == STOCK
            position = max((one.position for one in people), key=int)
            row = await seller.stock(sku, position)
            assert row == {"onHand": STOCK, "committed": STOCK, "held": 0, "available": 0}
    books_agree(folder, STOCK)


async def test_two_services_race_on_one_folder(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    async with services(folder, ("serve", "all"), ("serve", "write")) as https:
        seller = await open_shop(https[0])
        sku = await seller.sells(stock=STOCK)
        people = await buyers(https)
        assert await race(people, seller, sku) == STOCK
        assert (await seller.stock(sku, str(max(int(one.position) for one in people))))["available"] == 0
    books_agree(folder, STOCK)


async def test_a_worker_that_dies_is_replaced(tmp_path: Path) -> None:
    with process("serve", "all", "--workers", "2", data=tmp_path / "data") as both:
        url = both.url(ready=2)
        workers = children_of(both)
        assert len(workers) == 2
        os.kill(workers[0], signal.SIGKILL)
        both.url(ready=3)
        async with httpx.AsyncClient(base_url=url, timeout=30) as http:
            seller = await open_shop(http)
            assert await seller.sells()


async def test_the_read_service_shows_what_the_write_service_wrote(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    async with services(folder, ("serve", "write"), ("serve", "read")) as (write, read):
        seller = await open_shop(write)
        sku = await seller.sells(stock=100, price=100)
        shopper = await (await sign_up(write)).move_in()
        shopper.position = seller.shopper.position
        reader = Shopper(read, token=shopper.token)
        for number in range(1, 21):
            await seller.offers(sku, 100 + number)
            cart = await shopper.add(sku)
            reader.position = str(max(int(shopper.position), int(seller.shopper.position)))
            assert (await reader.cart())["version"] == cart["version"]
            product = await reader.read(f"/api/products/{seller.products[sku]}")
            assert product["price"]["amount"] == 100 + number
            [found] = (await reader.read("/api/products?q=oak"))["items"]
            assert found["price"]["amount"] == 100 + number
        order = await shopper.buy()
        reader.position = shopper.position
        assert (await reader.order(order["orderId"]))["status"] == "PAID"
        assert [one["orderId"] for one in (await reader.read("/api/orders"))["items"]] == [order["orderId"]]


async def test_search_finds_in_both_what_either_wrote(tmp_path: Path) -> None:
    async with services(tmp_path / "data", ("serve", "all"), ("serve", "all")) as https:
        sellers = [await open_shop(http, f"Shop {i}") for i, http in enumerate(https)]
        for seller in sellers:
            await seller.sells()
        position = str(max(int(seller.shopper.position) for seller in sellers))
        for http in https:
            found = await Shopper(http, position=position).read("/api/products?q=oak")
            assert found["total"] == 2


async def test_a_cart_filled_through_one_process_is_ordered_through_another(tmp_path: Path) -> None:
    """A shop's backend talks to whichever worker answers; its next request must not meet an older cart."""
    async with services(tmp_path / "data", ("serve", "write"), ("serve", "write")) as (one, other):
        seller = await open_shop(one)
        sku = await seller.sells(stock=100)
        shopper = await (await sign_up(one)).move_in()
        for quantity in range(1, 11):
            shopper.http = one
            await shopper.add(sku, quantity, shop=seller.shop_id)
            shopper.http = other
            order = expect(202, await shopper.place(wait=10))
            assert [line["quantity"] for line in order["lines"]] == [quantity]
