"""A drop as people live through it: before the opening, at it, late, too late, and across a restart."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from hashlib import sha256
from pathlib import Path

import pytest

from readapi.instants import instant
from tests.e2e.buying.drops import DAY, OPENS_IN, SECOND, Buyer, Clock, Drop, admitted, begin, moved
from tests.e2e.house import House, in_process
from tests.e2e.market import Seller, open_shop
from tests.e2e.shopper import Shopper, expect, fresh_key, problem, sign_up


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def house(tmp_path: Path, clock: Clock) -> AsyncIterator[House]:
    async with in_process(tmp_path / "data", clock=clock) as house:
        yield house


async def test_lots_are_drawn_among_those_who_join_before_and_the_others_come_after(
    house: House, clock: Clock, seller: Seller
) -> None:
    drop = await begin(house, clock, seller, units=1)
    assert (drop.announced["state"], drop.announced["seed"], drop.announced["joined"]) == ("announced", None, None)
    early = await drop.buyers(5)
    assert [one.number for one in early] == [1, 2, 3, 4, 5]
    before = await early[0].looks(drop)
    place = before.json()
    assert (place["state"], place["place"], place["ahead"], place["admission"]) == ("announced", None, None, None)
    assert 55 <= int(before.headers["Retry-After"]) <= 60
    assert (await drop.read())["tickets"] == 5
    await drop.passes(OPENS_IN)
    late = await drop.buyers(2)
    assert [(await one.place(drop))["place"] for one in late] == [6, 7]
    shown = await drop.read()
    assert shown["joined"] == 5
    seed = shown["seed"]
    assert sha256(seed.encode()).hexdigest() == drop.announced["commitment"] == shown["commitment"]
    digests = [sha256(f"{seed}:5:{number}".encode()).digest() for number in range(1, 6)]
    by_hand = [1 + sorted(digests).index(digest) for digest in digests]
    assert [(await one.place(drop))["place"] for one in early] == by_hand


async def test_nobody_orders_before_the_opening_nor_without_an_admission(
    house: House, clock: Clock, seller: Seller
) -> None:
    drop = await begin(house, clock, seller, units=3)
    [buyer] = await drop.buyers(1)
    refused = problem(await buyer.orders(), 403, "admission_required")
    assert (refused["reason"], refused["dropId"]) == ("missing", drop.drop_id)
    assert refused["opensAt"] == drop.announced["opensAt"]
    problem(await buyer.orders(buyer.ticket), 422, "validation_failed")
    problem(await buyer.orders("admission.drp_1.usr_1.1.1.99999999999999.c2ln"), 422, "validation_failed")
    problem(await buyer.orders(",".join(["x"] * 11)), 422, "validation_failed")
    await drop.passes(OPENS_IN)
    problem(await buyer.orders(), 403, "admission_required")
    assert await seller.stock(drop.sku) == {"onHand": 3, "committed": 0, "held": 0, "available": 3}


async def test_whose_turn_it_is_buys_once(house: House, clock: Clock, seller: Seller) -> None:
    drop = await begin(house, clock, seller, units=5, limit=3)
    [buyer] = await drop.buyers(1)
    await drop.passes(OPENS_IN)
    token = await admitted(drop, buyer)
    key = fresh_key()
    first = await buyer.orders(token, key)
    assert expect(202, first)["status"] == "PAID"
    again = await buyer.orders(token, key)
    assert (again.status_code, again.content) == (202, first.content), "the same request, the same answer"
    await buyer.shopper.add(drop.sku, 1, seller.shop_id)
    used = problem(await buyer.orders(token), 409, "admission_used")
    assert used["dropId"] == drop.drop_id
    assert await seller.stock(drop.sku, buyer.shopper.position) == {
        "onHand": 5,
        "committed": 1,
        "held": 0,
        "available": 4,
    }


async def test_of_two_orders_at_once_one_is_refused(house: House, clock: Clock, seller: Seller) -> None:
    """From a cart of the account, and from one of before the sign-in."""
    drop = await begin(house, clock, seller, units=5, limit=3)
    [buyer] = await drop.buyers(1)
    await drop.passes(OPENS_IN)
    token = await admitted(drop, buyer)
    visitor = Shopper(house.http)
    await visitor.add(drop.sku, 1, seller.shop_id)
    other = {**buyer.shopper.wish(), "cartId": visitor.cart_id}
    headers = {"Kontor-Admission": token, "Cart-Token": visitor.cart_token, "Prefer": "wait=10"}
    answers = await asyncio.gather(
        buyer.orders(token),
        buyer.shopper.send("POST", "/api/orders", other, **headers, **{"Idempotency-Key": fresh_key()}),
    )
    assert sorted(answer.status_code for answer in answers) == [202, 409]
    problem(next(answer for answer in answers if answer.status_code == 409), 409, "admission_used")


async def test_an_order_that_came_to_nothing_gives_admission_and_seat_back(
    house: House, clock: Clock, seller: Seller
) -> None:
    drop = await begin(house, clock, seller, units=1)
    both = await drop.buyers(2)
    await drop.passes(OPENS_IN)
    await drop.passes(SECOND)
    buyer, behind = both if await first(drop, both[0]) else reversed(both)
    token = await admitted(drop, buyer)
    good = buyer.shopper.method_id
    await buyer.shopper.pays_with("pm_card_declined")
    declined = expect(202, await buyer.orders(token))
    assert (declined["status"], declined["checkout"]["reason"]) == ("CANCELLED", "payment_declined")
    await drop.passes(SECOND)
    assert (await behind.place(drop))["state"] == "all_held", "the unit is still promised to the one inside"
    buyer.shopper.method_id = good
    assert expect(202, await buyer.orders(token))["status"] == "PAID"


async def first(drop: Drop, buyer: Buyer) -> bool:
    return bool((await buyer.place(drop))["place"] == 1)


async def test_an_admission_is_good_for_its_account_and_its_time_only(
    house: House, clock: Clock, seller: Seller
) -> None:
    drop = await begin(house, clock, seller, units=2)
    buyer, thief = await drop.buyers(2)
    await drop.passes(OPENS_IN)
    token = await admitted(drop, buyer)
    problem(await thief.orders(token), 403, "forbidden")
    looked = await thief.shopper.send("GET", f"{drop.path}/place", Kontor_Ticket=buyer.ticket)
    problem(looked, 403, "forbidden")
    await drop.passes(60 * SECOND)
    refused = problem(await buyer.orders(token), 403, "admission_required")
    assert refused["reason"] == "expired"
    late = await buyer.looks(drop)
    assert late.json()["state"] == "lapsed"
    assert "Retry-After" not in late.headers
    await drop.passes(2 * SECOND)  # so long an order may be on its way
    again = await buyer.joins(drop)
    assert (again["number"], again["state"]) == (3, "waiting")
    token = await admitted(drop, buyer)
    assert expect(202, await buyer.orders(token))["status"] == "PAID"


async def test_joining_again_changes_nothing(house: House, clock: Clock, seller: Seller) -> None:
    drop = await begin(house, clock, seller, units=2)
    buyer, _ = await drop.buyers(2)
    ticket = buyer.ticket
    assert (await buyer.joins(drop))["ticket"] == ticket
    assert (await drop.read())["tickets"] == 2


async def test_as_many_are_let_in_as_there_are_units_and_all_others_are_told(
    house: House, clock: Clock, seller: Seller
) -> None:
    drop = await begin(house, clock, seller, units=2)
    buyers = await drop.buyers(4)
    await drop.passes(OPENS_IN)
    await drop.passes(SECOND)
    places = [await one.place(drop) for one in buyers]
    assert [one["state"] for one in places] == ["admitted" if one["place"] <= 2 else "all_held" for one in places], (
        "two units, two are let in"
    )
    assert {one["outstanding"] for one in places} == {2}
    assert (await drop.read())["state"] == "all_held"
    inside = [buyer for buyer, one in zip(buyers, places, strict=True) if one["state"] == "admitted"]
    outside = next(buyer for buyer, one in zip(buyers, places, strict=True) if one["place"] == 3)
    first, second = [(await buyer.place(drop))["admission"]["token"] for buyer in inside]
    assert expect(202, await inside[0].orders(first))["status"] == "PAID"
    await drop.attended()
    assert (await outside.place(drop))["outstanding"] == 1, "one unit may still come back"
    await drop.passes(61 * SECOND)
    await drop.passes(SECOND)
    problem(await inside[1].orders(second), 403, "admission_required")
    third = await outside.place(drop)
    assert third["state"] == "admitted", "who let their turn pass made room"
    assert expect(202, await outside.orders(third["admission"]["token"]))["status"] == "PAID"
    await drop.attended()
    last = next(buyer for buyer, one in zip(buyers, places, strict=True) if one["place"] == 4)
    answer = await last.looks(drop)
    assert (answer.json()["state"], answer.json()["outstanding"]) == ("sold_out", 0)
    assert answer.headers["Retry-After"] == "60"
    newcomer = await sign_up(house.http)
    refused = await newcomer.send("POST", f"{drop.path}/tickets")
    assert problem(refused, 409, "out_of_stock")["available"] == 0


async def test_polling_costs_little(house: House, clock: Clock, seller: Seller) -> None:
    drop = await begin(house, clock, seller, units=1, perMinute=1)
    await drop.buyers(2)
    [buyer] = await drop.buyers(1)
    await drop.passes(OPENS_IN)
    answer = await buyer.looks(drop)
    place = answer.json()
    assert (place["state"], place["ahead"], place["estimatedSeconds"]) == (
        "waiting",
        place["place"] - 1,
        60 * place["place"],
    )
    assert answer.headers["Retry-After"] == str(min(30, place["estimatedSeconds"] // 3))
    again = await buyer.shopper.send(
        "GET", f"{drop.path}/place", Kontor_Ticket=buyer.ticket, If_None_Match=answer.headers["ETag"]
    )
    assert (again.status_code, again.content) == (304, b"")
    shown = await house.http.get(drop.path)
    assert shown.headers["Cache-Control"] == "public, max-age=0, must-revalidate", "a browser keeps no old line"
    assert (shown.headers["Surrogate-Control"], shown.headers["Vary"]) == ("max-age=1", "Kontor-Min-Position")
    assert (await house.http.get(drop.path, headers={"If-None-Match": shown.headers["ETag"]})).status_code == 304


@pytest.mark.slow
async def test_a_restart_loses_no_place_and_lets_nobody_in_twice(tmp_path: Path) -> None:
    clock, data = Clock(), tmp_path / "house"
    async with in_process(data, clock=clock) as house:
        drop = await begin(house, clock, await open_shop(house.http), units=2, limit=2)
        buyers = await drop.buyers(3)
    async with in_process(data, clock=clock) as house:
        drop = moved(drop, house, buyers)
        await drop.passes(OPENS_IN)
        await drop.passes(SECOND)
        places = [await one.place(drop) for one in buyers]
        inside = next(one for one, where in zip(buyers, places, strict=True) if where["place"] == 1)
        token = next(where["admission"]["token"] for where in places if where["place"] == 1)
        assert expect(202, await inside.orders(token))["status"] == "PAID"
    async with in_process(data, clock=clock) as house:
        drop = moved(drop, house, buyers)
        await drop.attended()
        assert [(await one.place(drop))["place"] for one in buyers] == [where["place"] for where in places]
        assert [(await one.joins(drop))["number"] for one in buyers] == [1, 2, 3]
        await inside.shopper.add(drop.sku, 1, drop.seller.shop_id)
        problem(await inside.orders(token), 409, "admission_used")
        assert house.problems() == []


async def test_only_who_runs_the_shop_announces_and_calls_off(
    house: House, clock: Clock, seller: Seller, shopper: Shopper, admin: Shopper
) -> None:
    drop = await begin(house, clock, seller, units=2)
    body = {"shopId": seller.shop_id, "sku": drop.sku, "opensAt": instant(clock() + DAY)}
    problem(await shopper.send("POST", "/api/drops", body), 403, "forbidden")
    problem(await house.http.post("/api/drops", json=body), 401, "unauthenticated")
    problem(await seller.shopper.send("POST", "/api/drops", body), 409, "illegal_transition")
    problem(await shopper.send("DELETE", drop.path), 403, "forbidden")
    assert (await admin.do("DELETE", drop.path))["state"] == "ended"
    buyer = await drop.buyer()
    problem(await buyer.shopper.send("POST", f"{drop.path}/tickets"), 409, "illegal_transition")
    assert expect(202, await buyer.orders())["status"] == "PAID", "it sells as any other"
    problem(await seller.shopper.send("DELETE", "/api/drops/drp_nowhere"), 404, "not_found")
    await seller.shopper.do("POST", "/api/drops", body, 201)


async def test_what_is_wrong_with_a_drop_is_told_and_leaves_no_line(house: House, clock: Clock, seller: Seller) -> None:
    sku = await seller.sells(limitPerAccount=1)
    body = {"shopId": seller.shop_id, "sku": sku, "opensAt": instant(clock() + DAY)}
    past = {**body, "opensAt": instant(clock() - DAY)}
    problem(await seller.shopper.send("POST", "/api/drops", past), 422, "validation_failed", "#/opensAt")
    ends = {**body, "endsAt": body["opensAt"]}
    problem(await seller.shopper.send("POST", "/api/drops", ends), 422, "validation_failed", "#/endsAt")
    unlimited = {**body, "sku": await seller.sells()}
    problem(await seller.shopper.send("POST", "/api/drops", unlimited), 422, "validation_failed", "#/limitPerAccount")
    problem(await seller.shopper.send("POST", "/api/drops", {**body, "sku": "none"}), 404, "not_found")
    assert (await house.http.get("/api/drops")).json()["items"] == []


async def test_a_drop_is_over_at_its_end(house: House, clock: Clock, seller: Seller) -> None:
    drop = await begin(house, clock, seller, units=2)
    [buyer] = await drop.buyers(1)
    await drop.passes(OPENS_IN)
    await drop.passes(DAY)
    answer = await buyer.looks(drop)
    assert answer.json()["state"] == "ended"
    assert "Retry-After" not in answer.headers
    assert expect(202, await buyer.orders())["status"] == "PAID"
    assert (await house.state(f"off_{seller.shop_id}.{drop.sku}")).drop is None
    assert (await house.http.get("/api/drops")).json()["items"] == []


async def test_a_line_whose_offer_was_withdrawn_ends(house: House, clock: Clock, seller: Seller) -> None:
    drop = await begin(house, clock, seller, units=2)
    await seller.shopper.do("DELETE", f"/api/offers/{seller.shop_id}/{drop.sku}")
    await drop.passes(OPENS_IN)
    assert (await drop.read())["state"] == "ended"


async def test_drops_are_found_by_shop_product_and_sku(house: House, clock: Clock, seller: Seller) -> None:
    later = await begin(house, clock, seller, units=1, opensAt=instant(clock() + DAY))
    sooner = await begin(house, clock, seller, units=1)

    async def drops_listed(**query: str) -> list[str]:
        house.services.drops.stale()
        page = expect(200, await house.http.get("/api/drops", params=query))
        return [one["dropId"] for one in page["items"]]

    assert await drops_listed() == await drops_listed(shopId=seller.shop_id) == [sooner.drop_id, later.drop_id]
    assert (
        await drops_listed(sku=later.sku) == await drops_listed(productId=seller.products[later.sku]) == [later.drop_id]
    )
    assert await drops_listed(shopId="shp_other") == []


async def test_no_drop_is_missed_by_who_was_told_its_position(house: House, clock: Clock, seller: Seller) -> None:
    first = await begin(house, clock, seller, units=1)
    at = int(first.announced["position"])
    ahead = await house.http.get("/api/drops", headers={"Kontor-Min-Position": str(at + 1_000), "Prefer": "wait=0"})
    problem(ahead, 503, "position_not_reached")
    assert house.services.drops.since < at
    for path in ("/api/drops", first.path):
        expect(200, await house.http.get(path, headers={"Kontor-Min-Position": str(at)}))
    assert house.services.drops.since == at
