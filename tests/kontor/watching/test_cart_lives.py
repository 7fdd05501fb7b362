"""The lives of carts in numbers, and the ratio that the dashboard makes of them."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path

import pytest

from domain.buyers.cartstate import OpenCart
from kontor.serving.running import measured
from kontor.watching.cartlives import STEPS
from tests.e2e.house import in_process
from tests.e2e.market import open_shop
from tests.e2e.shopper import Shopper, expect, sign_up
from tests.kontor.watching.samples import at_rest

DASHBOARD = json.loads((Path(__file__).parents[3] / "deploy/grafana/dashboards/kontor.json").read_text())
DECLINED = "pm_card_declined"


async def steps(http) -> dict[str, int]:
    metrics = await at_rest(http)
    return {step: int(metrics[f'kontor_carts_total{{step="{step}"}}']) for step in STEPS}


def with_lines(counted: dict[str, int]) -> int:
    """As many carts must have lines."""
    gone = counted["checked_out"] + counted["merged"] + counted["emptied"]
    return counted["begun"] + counted["reopened"] - gone


def abandoned(counted: dict[str, int]) -> float:
    """What the dashboard's own expression comes to when all of this happened within its time."""
    [panel] = [panel for panel in DASHBOARD["panels"] if panel["title"] == "Carts abandoned"]
    expression = panel["targets"][0]["expr"]
    filled = re.sub(
        r'sum\(rate\(kontor_carts_total\{step="(\w+)"\}\[\w+\]\)\)', lambda rate: str(counted[rate[1]]), expression
    )
    return arithmetic(ast.parse(filled, mode="eval").body)


def arithmetic(node: ast.expr) -> float:
    match node:
        case ast.Constant(value=int(number)):
            return number
        case ast.BinOp(left, ast.Sub(), right):
            return arithmetic(left) - arithmetic(right)
        case ast.BinOp(left, ast.Div(), right):
            return arithmetic(left) / arithmetic(right)
    raise AssertionError(f"not told by the counts: {ast.unparse(node)}")


@pytest.fixture
async def house(tmp_path):
    async with in_process(tmp_path) as house, measured(house.app, house.services):
        yield house


@pytest.fixture
async def sku(house) -> str:
    return await (await open_shop(house.http)).sells(stock=100)


async def test_who_comes_again_has_abandoned_nothing(house, sku: str):
    ada = await (await sign_up(house.http)).move_in()
    for _ in range(3):
        await ada.add(sku)
        await ada.add(sku)
        assert (await ada.buy())["status"] == "PAID"
    counted = await steps(house.http)
    assert (counted["begun"], counted["checked_out"], counted["item_added"]) == (3, 3, 3)
    assert abandoned(counted) == with_lines(counted) == 0


async def test_a_cart_that_goes_into_another_is_not_abandoned(house, sku: str):
    """Neither where the owner's own cart is empty, nor where there is something in it."""
    ada = await (await sign_up(house.http)).move_in()
    for _ in range(2):
        visitor = Shopper(house.http)
        await visitor.add(sku)
        expect(200, await ada.send("POST", "/api/cart/merge", Cart_Token=visitor.cart_token))
    counted = await steps(house.http)
    assert (counted["begun"], counted["merged"], with_lines(counted)) == (3, 2, 1)
    ada.cart_id = (await ada.cart())["cartId"]
    assert (await ada.buy())["status"] == "PAID"
    assert abandoned(await steps(house.http)) == 0


async def test_what_is_left_lying_is_abandoned_and_what_was_put_back_is_not(house, sku: str):
    buyer = await (await sign_up(house.http)).move_in()
    await buyer.add(sku)
    await buyer.buy()
    for leaves in (True, False):
        other = await sign_up(house.http)
        cart = await other.add(sku)
        if not leaves:
            await other.do("DELETE", f"/api/cart/items/{cart['lines'][0]['itemId']}")
    counted = await steps(house.http)
    assert counted["emptied"] == with_lines(counted) == 1
    assert abandoned(counted) == 0.5


async def test_an_order_that_comes_to_nothing_gives_the_life_back(house, sku: str):
    ada = await (await sign_up(house.http)).move_in(card=DECLINED)
    await ada.add(sku)
    assert (await ada.buy())["status"] == "CANCELLED"
    counted = await steps(house.http)
    assert (counted["begun"], counted["checked_out"], counted["reopened"]) == (1, 1, 1)
    assert abandoned(counted) == with_lines(counted) == 1
    await ada.pays_with("pm_card_visa")
    assert (await ada.buy())["status"] == "PAID"
    assert abandoned(await steps(house.http)) == 0


async def test_the_counts_tell_how_many_carts_have_lines(house, sku: str):
    """Whatever happens to them."""
    ada = await (await sign_up(house.http)).move_in()
    bob = await (await sign_up(house.http)).move_in(DECLINED)
    visitor = Shopper(house.http)

    async def are(filled: int) -> None:
        counted = await steps(house.http)
        carts = [await house.state(one.cart_id) for one in (ada, bob, visitor) if one.cart_id]
        assert with_lines(counted) == filled == sum(isinstance(one, OpenCart) and bool(one.lines) for one in carts)

    first = (await ada.add(sku))["lines"][0]["itemId"]
    await ada.add(await (await open_shop(house.http, "Südwald")).sells())
    await ada.do("DELETE", f"/api/cart/items/{first}")
    kept = (await bob.add(sku))["lines"][0]["itemId"]
    await are(2)
    await ada.buy()
    await bob.buy()
    await are(1)  # what was not paid for is back
    await visitor.add(sku)
    await are(2)
    expect(200, await ada.send("POST", "/api/cart/merge", Cart_Token=visitor.cart_token))
    await are(2)
    await bob.do("DELETE", f"/api/cart/items/{kept}")
    await are(1)
