"""From the wish to the letter: something is back, something costs less, and nobody hears of it who did not ask."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.e2e.house import House, in_process
from tests.e2e.market import Seller
from tests.e2e.shopper import Shopper, sign_up
from tests.mailserver import MailBox, bodies, mail_server

pytestmark = pytest.mark.slow


@pytest.fixture
async def box() -> AsyncIterator[MailBox]:
    async with mail_server() as box:
        yield box


@pytest.fixture
async def house(tmp_path: Path, box: MailBox) -> AsyncIterator[House]:
    async with in_process(tmp_path / "data", smtp_url=box.url, mail_from="orders@shop.example") as house:
        yield house


async def wish(shopper: Shopper, *skus: str) -> None:
    for sku in skus:
        await shopper.do("POST", "/api/wishlist/items", {"sku": sku}, 201)


async def heeded(admin: Shopper, position: int) -> None:
    """Until it is known who is to be told of everything up to there."""
    after, furthest = str(position), 0
    while furthest < position:
        feed = await admin.do("GET", f"/api/events?types=delivery.advanced&after={after}", Prefer="wait=10")
        assert feed["items"], f"nobody got as far as {position}"
        after = feed["next"]
        positions = [event["data"]["position"] for event in feed["items"] if event["stream"] == "dlv_wishes"]
        furthest = max([furthest, *positions])


async def test_back_in_stock_and_costing_less(
    house: House, box: MailBox, seller: Seller, shopper: Shopper, admin: Shopper
) -> None:
    gone, dear = await seller.sells(stock=0), await seller.sells(price=2000)
    await shopper.do("PATCH", "/api/me", {"notifications": {"wishes": True}})
    assert (await shopper.read("/api/me"))["notifications"] == {"orders": True, "wishes": True}
    silent = await sign_up(house.http, "Sil Silent")
    for person in (shopper, silent):
        await wish(person, gone, dear)
    await seller.offers(dear, 1901)  # not enough
    await seller.receives(gone, 3)
    await seller.offers(dear, 1500)
    await box.got(2)
    letters = {str(letter["Subject"]).partition(":")[0]: bodies(letter)[0] for letter in box.letters}
    assert sorted(letters) == ["Back in stock", "Costs less now"]
    assert f"({gone}): 19.99 USD" in letters["Back in stock"]
    assert f"({dear}): 15.00 USD" in letters["Costs less now"]
    assert "It was 20.00 USD" in letters["Costs less now"]
    assert box.recipients == [shopper.email] * 2

    await shopper.do("PATCH", "/api/me", {"notifications": {"wishes": False}})
    other = await seller.sells(stock=0)
    await wish(shopper, other)
    await seller.receives(other, 1)
    await heeded(admin, int(seller.shopper.position))
    consumers = (await admin.do("GET", "/api/admin/projections"))["items"]
    assert {"mail", "wishes", "mail_wishes"} <= {one["name"] for one in consumers if one["kind"] == "delivery"}
    assert box.attempts == 2
