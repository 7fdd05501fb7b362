"""An id of something else, or of nothing, in the place of an order's or a product's: not found, and no more is told."""

from __future__ import annotations

from tests.e2e.house import House
from tests.e2e.market import Seller
from tests.e2e.shopper import Shopper, expect, problem

NOBODYS = "01KARQ0000ABCDEFGHJKMNPQRS"
STRANGE = ("%00", f"{NOBODYS}%00", "%F0%9F", NOBODYS.lower(), f"{NOBODYS}0", "x" * 3_000)


async def test_no_other_stream_is_shown_as_an_order_nor_told_of(house: House, seller: Seller, shopper: Shopper):
    sku = await seller.sells()
    shopper.position = seller.shopper.position
    await shopper.add(sku)
    order_id = (await shopper.buy())["orderId"]
    streams = {row.stream for row in await house.services.log.read(0, 10_000)} - {order_id}
    assert {"prd", "stk", "off", "clm", "usr", "shp", "crt", "pay"} <= {stream[:3] for stream in streams}
    for stream in (*sorted(streams), *(f"ord_{strange}" for strange in STRANGE), f"ord_{NOBODYS}"):
        for path in ("", "/timeline", "?version=1"):
            answer = await shopper.send("GET", f"/api/orders/{stream}{path}")
            assert problem(answer, 404, "not_found")["detail"] == "no such order", (stream, path)
    expect(200, await shopper.send("GET", f"/api/orders/{order_id}?version=1"))


async def test_no_other_stream_is_shown_as_a_product_of_the_past(house: House, seller: Seller, visitor: Shopper):
    product_id = seller.products[await seller.sells()]
    visitor.position = seller.shopper.position
    streams = {row.stream for row in await house.services.log.read(0, 10_000)} - {product_id}
    for stream in (*sorted(streams), *(f"prd_{strange}" for strange in STRANGE), f"prd_{NOBODYS}"):
        problem(await visitor.send("GET", f"/api/products/{stream}?version=1"), 404, "not_found")
    expect(200, await visitor.send("GET", f"/api/products/{product_id}?version=1"))


async def test_no_shop_is_named_together_with_half_a_sku(house: House, seller: Seller, visitor: Shopper):
    """A stream's name joins the two; what has another boundary between them is no shop's offer."""
    [product] = [await seller.describes(variants=[{"sku": "OAK.160"}])]
    assert product == "OAK.160"
    await seller.sells(sku="OAK.160")
    wanted = {"sku": "160", "quantity": 1, "shopId": f"{seller.shop_id}.OAK"}
    problem(await visitor.send("POST", "/api/cart/items", wanted), 404, "not_found")
    for shop_id in (
        seller.shop_id.lower(),
        "shp_",
        "",
        *(f"shp_{strange}"[:40] for strange in ("\x00", NOBODYS + "0")),
    ):
        strange = {**wanted, "sku": "OAK.160", "shopId": shop_id}
        problem(await visitor.send("POST", "/api/cart/items", strange), 404, "not_found")
    await visitor.add("OAK.160", shop=seller.shop_id)
