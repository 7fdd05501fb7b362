"""Time travel over HTTP: any aggregate as of a moment, for administrators."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import pytest

from commands.errors import UnreadableStream
from domain.ids import offer_id, stock_id
from readapi.routes import streams
from tests.e2e.giftcards import usd
from tests.e2e.house import House
from tests.e2e.market import Seller
from tests.e2e.shopper import Shopper, problem


async def test_an_order_as_it_was_and_what_came_since(
    house: House, seller: Seller, shopper: Shopper, admin: Shopper
) -> None:
    sku = await seller.sells()
    await shopper.add(sku)
    order_id = (await shopper.buy())["orderId"]
    await asyncio.sleep(0.002)
    then = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    await asyncio.sleep(0.002)
    assert (await shopper.cancel(order_id)).status_code == 200
    path = f"/api/admin/streams/{order_id}"
    await shopper.settled(order_id)
    assert (await admin.read(path))["state"]["type"] == "CancelledOrder"
    was = await admin.read(f"{path}?asOf={then}")
    assert (was["aggregate"], was["state"]["type"], "before" in was) == ("order", "PaidOrder", False)
    compared = await admin.read(f"{path}?asOf={then}&diff={await house.head()}")
    assert (compared["before"]["state"]["type"], compared["state"]["type"]) == ("PaidOrder", "CancelledOrder")
    assert {"path": "/type", "before": "PaidOrder", "after": "CancelledOrder"} in compared["changes"]
    cancelled = next(event for event in compared["events"] if event["type"] == "order.cancelled")
    assert (cancelled["actor"], cancelled["correlation"]) == (shopper.user_id, order_id)
    (payment,) = compared["related"]
    assert payment["before"]["state"]["status"] == "captured"
    assert "Fifth Avenue" not in str(compared)
    assert "pm_card_visa" not in str(compared)


async def test_moments_and_streams_that_are_none(
    house: House, seller: Seller, admin: Shopper, monkeypatch: pytest.MonkeyPatch
) -> None:
    sku = await seller.sells()
    path = f"/api/admin/streams/{stock_id(seller.shop_id, sku)}"
    assert (await admin.read(path))["aggregate"] == "inventory"
    problem(await admin.send("GET", f"{path}?asOf=1"), 404, "not_found")
    problem(await admin.send("GET", f"{path}?asOf=2001-01-01T00:00:00Z"), 404, "not_found")
    problem(await admin.send("GET", f"{path}?asOf=999999999"), 404, "not_found")
    problem(await admin.send("GET", "/api/admin/streams/stk_shp_1.NONE"), 404, "not_found")
    problem(await admin.send("GET", "/api/admin/streams/nonsense"), 404, "not_found")
    problem(await admin.send("GET", f"{path}?asOf=yesterday"), 422, "validation_failed")
    problem(await admin.send("GET", f"{path}?diff=99999999999999999999"), 422, "validation_failed")
    monkeypatch.setattr(streams, "READ_MAX", 0)
    assert "kontor show" in problem(await admin.send("GET", path), 422, "validation_failed")["detail"]


async def test_an_event_that_nobody_can_read_is_named(
    house: House, seller: Seller, admin: Shopper, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreadable(stream: str, *_: Any) -> None:
        raise UnreadableStream(stream, "position 7, damaged")

    monkeypatch.setattr(streams, "part_of", unreadable)
    answer = await admin.send("GET", f"/api/admin/streams/{seller.shop_id}")
    assert "cannot be read: position 7" in problem(answer, 500, "internal")["detail"]


async def test_names_that_paths_have_to_write_otherwise(house: House, seller: Seller, admin: Shopper) -> None:
    sku = await seller.describes(variants=[{"sku": "A/B #1?"}])
    assert sku == "A/B #1?"
    await seller.shopper.do("PUT", f"/api/offers/{seller.shop_id}/A%2FB%20%231%3F", {"price": usd(500)})
    stream = quote(offer_id(seller.shop_id, sku), safe="")
    assert (await admin.read(f"/api/admin/streams/{stream}"))["state"]["terms"]["price"] == usd(500)


async def test_it_is_for_administrators(shopper: Shopper, visitor: Shopper) -> None:
    path = f"/api/admin/streams/{shopper.user_id}"
    problem(await visitor.send("GET", path), 401, "unauthenticated")
    problem(await shopper.send("GET", path), 403, "forbidden")
