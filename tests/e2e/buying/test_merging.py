"""A visitor's cart that goes over into the one of the account: nothing that was acknowledged is lost, nothing set aside
stays behind, however it is cut off.
"""

from __future__ import annotations

import pytest

from commands.errors import StorageUnavailable
from domain.buyers.cart import CloseMergedCart, MergeCart
from tests.e2e.house import House
from tests.e2e.interrupted import interrupt
from tests.e2e.market import Seller
from tests.e2e.shopper import Shopper, expect, problem, sign_up


@pytest.mark.parametrize("kind", [CloseMergedCart, MergeCart])
async def test_what_is_added_during_a_merge_goes_over_or_is_refused(
    house: House, seller: Seller, visitor: Shopper, monkeypatch: pytest.MonkeyPatch, kind: type
) -> None:
    first, second = await seller.sells(), await seller.sells()
    await visitor.add(first)
    ada = await sign_up(house.http)
    answers = []

    async def add_more() -> None:  # in another window
        answers.append(await visitor.send("POST", "/api/cart/items", {"sku": second, "quantity": 1}))

    interrupt(house, kind, monkeypatch, add_more)
    merged = await ada.do("POST", "/api/cart/merge", Cart_Token=visitor.cart_token)
    added = kind is CloseMergedCart
    assert [answer.status_code for answer in answers] == [201 if added else 409]
    assert [line["sku"] for line in merged["lines"]] == [first, *([second] if added else [])]


async def test_a_merge_that_was_cut_off_is_completed_when_it_is_repeated(
    house: House, seller: Seller, visitor: Shopper, monkeypatch: pytest.MonkeyPatch
) -> None:
    sku = await seller.sells(stock=1, holdPolicy="cart")
    await visitor.add(sku)
    ada = await sign_up(house.http)
    await ada.move_in()

    async def fail() -> None:
        raise StorageUnavailable("the log is away")

    interrupt(house, MergeCart, monkeypatch, fail)
    problem(await ada.send("POST", "/api/cart/merge", Cart_Token=visitor.cart_token), 503, "storage_unavailable")
    for _ in range(2):
        merged = await ada.do("POST", "/api/cart/merge", Cart_Token=visitor.cart_token)
        assert [(line["sku"], line["quantity"]) for line in merged["lines"]] == [(sku, 1)]
    ada.cart_id = merged["cartId"]
    assert (await ada.buy())["status"] == "PAID"


async def test_more_than_one_may_buy_merges_and_leaves_nothing_set_aside(
    house: House, seller: Seller, visitor: Shopper
) -> None:
    limited = await seller.sells(holdPolicy="cart", limitPerAccount=2)
    last = await seller.sells(stock=1, holdPolicy="cart")
    ada = await sign_up(house.http)
    await ada.move_in()
    await ada.add(limited, 2)
    await visitor.add(limited)
    await visitor.add(last)
    merged = await ada.do("POST", "/api/cart/merge", Cart_Token=visitor.cart_token)
    ada.cart_id = merged["cartId"]
    assert [(line["sku"], line["quantity"]) for line in merged["lines"]] == [(limited, 3), (last, 1)]
    assert (await seller.stock(limited, ada.position))["held"] == 2, "those of her own cart; of the visitor's none"
    expect(200, await ada.send("PATCH", f"/api/cart/items/{merged['lines'][0]['itemId']}", {"quantity": 2}))
    assert (await ada.buy())["status"] == "PAID"
