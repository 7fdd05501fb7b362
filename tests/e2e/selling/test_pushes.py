"""What merchants push over HTTP: signed, a few rows, each message once."""

from __future__ import annotations

from typing import Any

import pytest

from streams.gateways.signatures import TOLERANCE_S
from tests.e2e.house import House
from tests.e2e.market import Seller
from tests.e2e.selling.feedrows import Beds
from tests.e2e.selling.pushes import push, secret_of
from tests.e2e.shopper import Shopper, expect, problem


async def test_rows_that_are_pushed_are_taken_as_those_of_a_feed(house: House, seller: Seller) -> None:
    secret, beds = await secret_of(seller), Beds()
    done = expect(200, await push(house, seller, secret, beds.row(1), what="products"))
    assert (done["counts"]["changed"], done["rejected"], done["duplicate"]) == (1, [], False)
    offers = [
        beds.offer(1),
        beds.offer(2),
        {**beds.offer(1), "shopId": "shp_other"},
        7,
    ]
    done = expect(200, await push(house, seller, secret, {"rows": offers}, what="offers", message="msg_2"))
    assert [(row["row"], row["pointer"]) for row in done["rejected"]] == [(2, None), (3, "/shopId"), (4, None)]
    assert done["counts"] == {"read": 4, "changed": 1, "unchanged": 0, "rejected": 3, "withdrawn": 0}
    done = expect(200, await push(house, seller, secret, {"sku": beds.sku(1), "quantity": 7}, message="msg_3"))
    assert (await seller.stock(beds.sku(1), done["position"]))["available"] == 7
    assert house.problems() == []


async def test_a_message_that_comes_again_changes_nothing(house: House, seller: Seller) -> None:
    secret, sku = await secret_of(seller), await seller.sells(stock=0)
    await push(house, seller, secret, {"sku": sku, "quantity": 7}, message="old")
    await push(house, seller, secret, {"sku": sku, "quantity": 3}, message="new")
    head = await house.head()
    done = expect(200, await push(house, seller, secret, {"sku": sku, "quantity": 7}, message="old"))
    assert (done["duplicate"], done["counts"]["read"]) == (True, 0)
    assert await house.head() == head
    assert (await seller.stock(sku, done["position"]))["onHand"] == 3


async def test_only_who_has_the_secret_may_push(house: House, seller: Seller, shopper: Shopper) -> None:
    row, before = {"sku": await seller.sells(), "quantity": 1}, await house.head()

    answer = await house.http.post(f"/api/webhooks/shops/{seller.shop_id}/stock", json=row)
    problem(answer, 401, "unauthenticated")
    problem(await push(house, seller, "whsec_Z3Vlc3NlZA==", row), 401, "unauthenticated")
    secret = await secret_of(seller)
    problem(await push(house, seller, "whsec_Z3Vlc3NlZA==", row), 401, "unauthenticated")
    problem(await push(house, seller, secret, row, late=TOLERANCE_S + 5), 401, "unauthenticated")

    newer = await secret_of(seller)
    for number, good in enumerate((secret, newer)):
        expect(200, await push(house, seller, good, row, message=f"msg_{number}"))
    await seller.shopper.do("DELETE", f"/api/shops/{seller.shop_id}/push-secret", status=204)
    problem(await push(house, seller, newer, row, message="msg_9"), 401, "unauthenticated")
    for method in ("POST", "DELETE"):
        problem(await shopper.send(method, f"/api/shops/{seller.shop_id}/push-secret"), 403, "forbidden")
    rows = await house.log.read(before, 10_000)
    assert rows
    assert not [one for one in rows if newer.removeprefix("whsec_").encode() in one.data]


@pytest.mark.parametrize(
    "body",
    [b"", b"[1]", b"\xff", b"[" * 3_000, b'{"sku":' + b"[" * 3_000, {"rows": []}, {"rows": [{}] * 101}, {"rows": {}}],
)
async def test_a_message_without_rows_is_refused(house: House, seller: Seller, body: Any) -> None:
    secret = await secret_of(seller)
    problem(await push(house, seller, secret, body), 422, "validation_failed")
    sku = await seller.sells()
    done = expect(200, await push(house, seller, secret, {"sku": sku, "quantity": 1}))
    assert not done["duplicate"], "its id may be used again"


async def test_a_shop_that_is_not_there_takes_nothing(house: House, seller: Seller) -> None:
    secret = await secret_of(seller)
    answer = await push(house, seller, secret, {}, what="people")
    problem(answer, 422, "validation_failed")
    seller.shop_id = "shp_nowhere"
    problem(await push(house, seller, secret, {}), 404, "not_found")
