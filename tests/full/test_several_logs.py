"""A shop whose streams lie in three logs on servers: journeys that cross them, whoever is killed and whatever moves."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from commands.logs.slices import SLICES
from kontor.proving.verifying import verify
from tests.architecture.sources import ROOT
from tests.crash.load import open_market
from tests.e2e.buying.test_own_writes import *  # noqa: F403  # the same tests in another house
from tests.e2e.buying.test_purchase import *  # noqa: F403
from tests.e2e.market import Seller, open_shop
from tests.e2e.shopper import Shopper, expect, fresh_key, sign_up
from tests.faults.shop import Shop
from tests.full.commandline import kontor, output_of
from tests.full.conftest import PARTS
from tests.full.operating import in_charge
from tests.full.processes import Deployment, Everything, beside, entered, everything, lasting

EXAMPLE = ROOT / "docs" / "examples" / "sales_by_day.py"
pytestmark = [pytest.mark.stack, pytest.mark.timeout(600)]
LOGS = 3
ROUNDS = 50
"""Of what is read after it was written; on one log each is asked for two hundred times."""

# Takes the number of events for what was answered last.
del test_a_position_is_waited_for  # noqa: F821


@pytest.fixture(autouse=True)
def fewer_rounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.e2e.buying.test_own_writes.WRITES", ROUNDS)


@pytest.fixture(scope="module")
def shared_house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    with lasting(tmp_path_factory.mktemp("logs"), *PARTS, logs=LOGS) as deployment:
        yield deployment


@pytest.fixture
async def own_house(tmp_path: Path) -> AsyncIterator[Everything]:
    async with everything(tmp_path, *PARTS, logs=LOGS) as house:
        yield house


# what is used


async def test_streams_lie_in_all_logs(house: Everything, seller: Seller, shopper: Shopper, admin: Shopper) -> None:
    for _ in range(3):
        await shopper.add(await seller.sells())
        assert (await shopper.buy())["status"] == "PAID"
    heads = [int(part) for part in shopper.position.split(".")]
    assert len(heads) == LOGS
    assert all(heads)
    async with httpx.AsyncClient(base_url=house.urls["write"]) as write:  # which alone knows the directory
        asked = {"Authorization": f"Bearer {admin.token}"}
        shown = expect(200, await write.get("/api/admin/slices", headers=asked))
    assert (shown["logs"], [one["log"] for one in shown["items"]]) == (LOGS, [0, 1, 2])


async def test_the_command_line_knows_all_of_them(house: Everything, seller: Seller, tmp_path: Path) -> None:
    await seller.sells()
    head = await house.head()
    environment = dict(house.environment)
    status = json.loads(output_of(environment, "status", "--json"))
    assert status["head"] >= head
    assert sum(status["events"].values()) == status["head"]
    report = json.loads(output_of(environment, "verify", "--json"))
    assert report["ok"]
    assert report["events"] >= head
    one = tmp_path / "one"
    first = environment["KONTOR_POSTGRES_URL"]
    output_of(environment, "copy-log", "--from", first, "--to", str(one))
    assert verify(one / "log.db").ok
    alone = {**environment, "KONTOR_POSTGRES_MORE_URLS": "[]"}
    for arguments in (("verify",), ("user", "create", "--email", "a@example.com", "--password", "correct horse")):
        refused = kontor(alone, *arguments)
        assert refused.returncode == 1
        assert "KONTOR_POSTGRES_MORE_URLS" in refused.stderr


async def test_what_is_folded_anew_is_what_was_followed(house: Everything, seller: Seller, shopper: Shopper) -> None:
    """In every store, by one process and by two, and a file of one's own."""
    for _ in range(3):
        await shopper.add(await seller.sells())
        assert (await shopper.buy())["status"] == "PAID"
    environment = {**house.environment, "KONTOR_DATA": str(house.deployment.folder / "work")}
    for arguments in (("all", "--verify"), ("stock", "--verify", "--from-scratch", "--jobs", "2")):
        lines = [json.loads(line) for line in output_of(environment, "replay", *arguments, "--json").splitlines()]
        compared = [one for one in lines if one["step"] == "compare"]
        assert compared
        assert {one["projection"]: one["differences"] for one in compared if one["differences"]} == {}
        assert {one["projection"] for one in lines if one["step"] == "swap"} == {one["projection"] for one in compared}
    lines = [json.loads(line) for line in output_of(environment, "replay", str(EXAMPLE), "--json").splitlines()]
    assert lines[-1]["rows"]["days"] > 0
    await shopper.add(await seller.sells())
    assert (await shopper.buy())["status"] == "PAID"


async def test_two_command_services_answer_one_client(shared_house: Deployment) -> None:
    """The one is not told what the other has answered, and its token covers that all the same; a key holds in both."""
    async with beside(shared_house) as other, entered(shared_house) as one_house, entered(other) as other_house:
        seller = await open_shop(one_house.http)
        shopper = await (await sign_up(one_house.http)).move_in()
        for turn in range(10):
            seller.shopper.http = shopper.http = (one_house, other_house)[turn % 2].http
            before = [int(part) for part in shopper.position.split(".")]
            sku = await seller.sells(stock=3)
            shopper.http = (one_house, other_house)[(turn + 1) % 2].http
            await shopper.add(sku)
            after = [int(part) for part in shopper.position.split(".")]
            assert all(known >= part for known, part in zip(after, before, strict=True)), (before, after)
            assert (sku, 1) in await shopper.lines()
        order = await shopper.buy()
        assert order["status"] == "PAID"
        body = {"name": "Once", "country": "US", "currency": "USD"}
        for _ in range(8):
            key = fresh_key()
            tokens = {"Authorization": f"Bearer {shopper.token}", "Idempotency-Key": key}
            answers = await asyncio.gather(
                *(house.http.post("/api/shops", json=body, headers=tokens) for house in (one_house, other_house))
            )
            shops = {answer.json()["shopId"] for answer in answers if answer.status_code == 201}
            assert len(shops) == 1, [answer.text for answer in answers]


# what may happen


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Shop]:
    """With a journal of what its people were told."""
    async with everything(tmp_path, *PARTS, logs=LOGS) as house:
        market = await open_market(house.http, 3)
        market.journal.patient, market.journal.pace = True, 0.1
        yield Shop(house, market, random.Random(108))


async def test_nothing_is_lost_while_slices_move_and_processes_are_killed(shop: Shop) -> None:
    """In the middle of a move, and between a commit and the cut that would have put it in order."""
    house = shop.house
    root = await in_charge(house, house.deployment.folder / "root")
    async with shop.trading():
        for turn, name in enumerate(("write", "work", "write", "write"), 1):
            moving = asyncio.create_task(move_until_gone(root, turn))
            await asyncio.sleep(shop.chance.random() * 0.1)
            house.parts[name].kill()
            await moving
            await asyncio.sleep(shop.chance.random())
            house.parts[name].start()
            await house.parts[name].ready()
            await shop.sells(3)
        await move_until_gone(root, 0)
        await shop.sells(5)
    await shop.audit()


async def move_until_gone(root: Shopper, turn: int) -> None:
    """Every third of the slices goes to another log than it was in, unless the service dies over it."""
    for part in range(3):
        body = {"first": part * 342, "last": min(part * 342 + 341, SLICES - 1), "log": (part + turn) % LOGS}
        with suppress(httpx.TransportError):
            answer = await root.send("POST", "/api/admin/slices/move", body)
            assert answer.status_code in (200, 503), answer.text
