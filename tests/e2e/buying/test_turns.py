"""An order while too many commands wait: told when to come back, and let in then."""

from __future__ import annotations

import pytest

from tests.e2e.house import House
from tests.e2e.market import Seller
from tests.e2e.shopper import Shopper, expect, fresh_key, problem
from writeapi.buying import turns


async def test_an_order_comes_back_with_its_turn(
    house: House, seller: Seller, shopper: Shopper, monkeypatch: pytest.MonkeyPatch
) -> None:
    await shopper.add(await seller.sells())
    monkeypatch.setattr(turns, "HOT_DEPTH", 0)
    later = await shopper.place()
    assert problem(later, 503, "overloaded")["turnAt"]
    token = later.headers[turns.HEADER]
    turn = house.services.drops.tokens.turn(token)
    assert turn.account_id == shopper.user_id
    assert int(later.headers["Retry-After"]) <= 2
    monkeypatch.setattr(house.services, "clock", lambda: turn.at)
    headers = {"Kontor-Turn": token, "Prefer": "wait=10"}
    first = await shopper.send("POST", "/api/orders", shopper.wish(), **headers, **{"Idempotency-Key": fresh_key()})
    assert expect(202, first)["status"] == "PAID"
    again = await shopper.send("POST", "/api/orders", shopper.wish(), **headers, **{"Idempotency-Key": fresh_key()})
    problem(again, 503, "overloaded")


async def test_nobody_notices_while_the_house_keeps_up(house: House, seller: Seller, shopper: Shopper) -> None:
    await shopper.add(await seller.sells())
    assert (await shopper.buy())["status"] == "PAID"
