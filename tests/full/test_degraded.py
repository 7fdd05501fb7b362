"""Each server of the read side is killed under reads and comes back, and all of them while somebody buys."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
import pytest_asyncio

from tests.e2e.market import Seller, open_shop
from tests.e2e.shopper import Shopper, expect, problem, sign_up
from tests.full.processes import Everything, everything
from tests.stack.commands import Stack

pytestmark = [pytest.mark.stack, pytest.mark.crash, pytest.mark.timeout(300), pytest.mark.asyncio(loop_scope="module")]
PATIENCE_S = 60.0
BEDS = "/api/products?category=Furniture/Beds"
BEDS_PAGE = "/api/categories/Furniture/Beds"


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Nobody else's, because they are going to be killed."""
    stack = Stack(tmp_path_factory.mktemp("servers"))
    stack.do("up")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in stack.environment().items():
            patch.setenv(name, value)
        yield stack
    stack.do("down")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(servers: Stack, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Everything]:
    async with everything(tmp_path_factory.mktemp("house"), "write", "read", "relay", "work") as house:
        yield house
        servers.do("up")  # so that processes end in good order


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def seller(house: Everything) -> Seller:
    seller = await open_shop(house.http)
    for number in range(3):
        await seller.sells(stock=50, price=1000 + number)
    return seller


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shopper(house: Everything, seller: Seller) -> Shopper:
    """Has bought something, put something else into the cart, and looked around."""
    shopper = await (await sign_up(house.http)).move_in()
    first, second, _ = seller.products
    await shopper.add(first)
    assert (await shopper.buy())["status"] == "PAID"
    await shopper.add(second, 2)
    for path in ("/api/products", BEDS, BEDS_PAGE, "/api/orders", "/api/cart"):
        await shopper.read(path)
    return shopper


class Readers:
    """Ask for the same things all the time, as shoppers without a token do."""

    def __init__(self, shopper: Shopper, *paths: str) -> None:
        self.seen: dict[str, Counter[tuple[int, str]]] = {path: Counter() for path in paths}
        """How often each path was answered with which status and ``Kontor-Degraded``."""
        self._shopper = shopper

    async def ask(self, path: str) -> None:
        while True:
            answer = await self._shopper.send("GET", path)
            self.seen[path][answer.status_code, answer.headers.get("Kontor-Degraded", "")] += 1
            await asyncio.sleep(0.01)

    def all_ok(self) -> None:
        wrong = {path: seen for path, seen in self.seen.items() if any(status != 200 for status, _ in seen)}
        assert not wrong


@asynccontextmanager
async def reading(shopper: Shopper, *paths: str) -> AsyncIterator[Readers]:
    readers = Readers(shopper, *paths)
    tasks = [asyncio.create_task(readers.ask(path)) for path in paths for _ in range(2)]
    try:
        yield readers
    finally:
        for task in tasks:
            task.cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
    assert all(isinstance(end, asyncio.CancelledError) for end in ended), ended


async def do(servers: Stack, command: str, *names: str) -> None:
    await asyncio.to_thread(servers.do, command, *names)


async def ready(house: Everything) -> Any:
    return expect(200, await house.http.get("/readyz"))


async def ready_to_write(house: Everything) -> Any:
    async with httpx.AsyncClient(base_url=house.urls["write"], timeout=30) as write:
        return expect(200, await write.get("/readyz"))


async def until(condition: Callable[[], Any], what: str) -> None:
    """The condition may be a coroutine function."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        met = condition()
        if await met if asyncio.iscoroutine(met) else met:
            return
        assert time.monotonic() < deadline, f"not in {PATIENCE_S} s: {what}"
        await asyncio.sleep(0.1)


async def until_away(house: Everything, *parts: str) -> None:
    """Until both services have noticed: each finds out for itself, when it next asks."""

    async def both_say_so() -> bool:
        services = [await ready(house), await ready_to_write(house)]
        return all(set(answer["degraded"]) == set(parts) for answer in services)

    await until(both_say_so, f"readyz of both services names {parts}")


async def answer_of(shopper: Shopper, path: str, part: str, **headers: str) -> Any:
    answer: httpx.Response = await shopper.send("GET", path, **headers)
    body = expect(200, answer)
    assert answer.headers.get("Kontor-Degraded", "") == part, (path, dict(answer.headers))
    return body


async def shows(house: Everything, shopper: Shopper, seller: Seller) -> None:
    """What is written is read everywhere, with its token, and nothing is missing from the answer."""
    sku = await seller.sells(stock=5, price=4321)
    product_id = seller.products[sku]
    position = {"Kontor_Min_Position": seller.shopper.position, "Prefer": "wait=10"}
    page = await answer_of(shopper, f"/api/products/{product_id}", "", **position)
    assert page["offers"][0]["available"] == 5
    found = await answer_of(shopper, f"{BEDS}&limit=100", "", **position)
    assert product_id in [item["productId"] for item in found["items"]]
    buyer = await (await sign_up(house.http)).move_in()
    await buyer.add(sku)
    order = await buyer.buy()
    assert order["status"] == "PAID"
    assert [each["orderId"] for each in (await buyer.read("/api/orders"))["items"]] == [order["orderId"]]
    assert (await buyer.read("/api/cart"))["lines"] == []


async def test_elasticsearch_is_killed(house: Everything, servers: Stack, shopper: Shopper, seller: Seller):
    before = await shopper.read(BEDS)
    paths = ("/api/products", BEDS, BEDS_PAGE, f"/api/products/{before['items'][0]['productId']}")
    async with reading(shopper, *paths) as readers:
        await do(servers, "kill", "elasticsearch")
        await until_away(house, "search")
        shown = await answer_of(shopper, f"{BEDS}&limit=30", "search")
        assert [item["productId"] for item in shown["items"]] == [item["productId"] for item in before["items"]]
        assert shown["next"] is None
        answer = await shopper.send("GET", "/api/products?q=something+nobody+asked+for")
        assert "search" in problem(answer, 503, "storage_unavailable")["detail"]
        assert answer.headers["Retry-After"]
        await asyncio.sleep(1.0)
        await do(servers, "up", "elasticsearch")
        await until_away(house)
    readers.all_ok()  # most of it remembered, and still the answer for the position that the index had
    await shows(house, shopper, seller)


async def test_redis_is_killed(house: Everything, servers: Stack, shopper: Shopper, seller: Seller):
    product_id = seller.products[next(iter(seller.products))]
    page = f"/api/products/{product_id}"
    paths = ("/api/products", BEDS, BEDS_PAGE, page, "/api/cart", f"/api/shops/{seller.shop_id}")
    before, cart = await shopper.read(page), await shopper.read("/api/cart")
    stock = f"/api/shops/{seller.shop_id}/inventory"
    on_hand = await seller.shopper.read(stock, Kontor_Min_Position=shopper.position)
    async with reading(shopper, *paths) as readers:
        await do(servers, "kill", "redis")
        await until_away(house, "carts", "products", "shops")
        shown = await answer_of(shopper, page, "products")
        assert [offer["price"] for offer in shown["offers"]] == [offer["price"] for offer in before["offers"]]
        assert shown["offers"][0]["available"] == 6, "at least"
        await answer_of(shopper, BEDS, "products")
        assert (await answer_of(shopper, "/api/cart", "carts"))["lines"] == cart["lines"]
        assert (await answer_of(seller.shopper, stock, "shops"))["items"] == on_hand["items"]
        await shopper.add(next(iter(seller.products)))
        assert len((await answer_of(shopper, "/api/cart", "carts", Kontor_Min_Position=shopper.position))["lines"]) == 2
        answer = await shopper.send("GET", page, Kontor_Min_Position=shopper.position, Prefer="wait=0")
        problem(answer, 503, "position_not_reached")
        await asyncio.sleep(1.0)
        await do(servers, "up", "redis")
        await until_away(house)
    readers.all_ok()
    assert readers.seen[page][200, "products"] > 0
    assert (await shopper.buy())["status"] == "PAID"
    await shows(house, shopper, seller)


async def test_cassandra_is_killed(house: Everything, servers: Stack, shopper: Shopper, seller: Seller):
    before = await shopper.read("/api/orders")
    async with reading(shopper, "/api/orders", "/api/products", "/api/cart") as readers:
        await do(servers, "kill", "cassandra")
        await until_away(house, "orders")
        sold = await answer_of(seller.shopper, f"/api/shops/{seller.shop_id}/orders", "orders")
        assert before["items"][0]["orderId"] in [order["orderId"] for order in sold["items"]]
        shown = await answer_of(shopper, "/api/orders", "orders")
        assert [order["orderId"] for order in shown["items"]] == [order["orderId"] for order in before["items"]]
        await asyncio.sleep(1.0)
        await do(servers, "up", "cassandra")
        await until_away(house)
    readers.all_ok()
    assert readers.seen["/api/orders"][200, "orders"] > 0
    await shows(house, shopper, seller)


async def test_somebody_buys_while_the_read_side_and_kafka_are_down(
    house: Everything, servers: Stack, shopper: Shopper, seller: Seller
):
    gone = ["carts", "orders", "products", "search", "shops"]
    await do(servers, "kill", "redis", "elasticsearch", "cassandra", "kafka")
    await until_away(house, *gone)
    await still_buys(house, shopper, seller)
    for name in ("write", "read", "work"):
        house.parts[name].kill()
        house.parts[name].start()
    for name in ("write", "read"):
        await house.parts[name].ready()
    await until_away(house, *gone)
    await shopper.sign_in()
    await still_buys(house, shopper, seller)
    await do(servers, "up")
    await house.parts["work"].ready()
    await until_away(house)
    await shows(house, shopper, seller)


async def still_buys(house: Everything, shopper: Shopper, seller: Seller) -> None:
    """Names no seller, so that somebody has to know who sells it."""
    commands = await ready_to_write(house)
    assert commands["status"] == "ok"
    assert commands["degraded"] == ["carts", "orders", "products", "search", "shops"]
    sku = next(iter(seller.products))
    await shopper.do("POST", "/api/cart/items", {"productId": seller.products[sku], "quantity": 1}, 201)
    order = expect(202, await shopper.place(wait=10))
    settled = await shopper.settled(order["orderId"], within=PATIENCE_S)  # by processes that have only begun, perhaps
    assert settled["status"] == "PAID"
    assert order["orderId"] in [each["orderId"] for each in (await shopper.read("/api/orders"))["items"]]
