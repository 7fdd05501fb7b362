"""Before the day: a shop with stock, and a buyer for each lane with an address and a payment method of every kind."""

from __future__ import annotations

from kontor.acting.abreast import abreast
from kontor.acting.caller import Caller
from kontor.acting.people import People
from kontor.day.place import opened
from kontor.day.plan import CURRENCY, LANES, TOKENS, Buyer, House, Plan, price
from kontor.settings import Settings

SELLER = "seller"
ADDRESS = {
    "name": "Buyer",
    "line1": "1 Main Street",
    "city": "Springfield",
    "region": "IL",
    "postalCode": "62701",
    "country": "US",
}


async def morning(settings: Settings, plan: Plan) -> House:
    """Raises Unexpected."""
    async with opened(settings) as (services, app):
        caller, people = Caller(app), People(services, app.state.edge.tokens)
        await people.register(SELLER, "merchant")
        shop = {"name": "Day", "country": "US", "currency": CURRENCY}
        shop_id = (await caller.expect(201, "POST", "/api/shops", shop, people.headers(SELLER)))["shopId"]

        async def stock(one: tuple[str, int]) -> None:
            sku, units = one
            seller, amount = people.headers(SELLER), {"amount": price(sku), "currency": CURRENCY}
            await caller.expect(201, "POST", "/api/products", {"title": sku, "variants": [{"sku": sku}]}, seller)
            await caller.expect(200, "PUT", f"/api/offers/{shop_id}/{sku}", {"price": amount}, seller)
            await caller.expect(200, "POST", f"/api/inventory/{shop_id}/{sku}/receive", {"quantity": units}, seller)

        buyers: dict[int, Buyer] = {}

        async def move_in(lane: int) -> None:
            await people.register(Buyer.name(lane))
            buyers[lane] = await _equipped(caller, people.headers(Buyer.name(lane)))

        await abreast(plan.stock().items(), stock)
        await abreast(range(LANES), move_in)
    return House(shop_id, [buyers[lane] for lane in range(LANES)])


async def _equipped(caller: Caller, headers: dict[str, str]) -> Buyer:
    address = await caller.expect(201, "POST", "/api/me/addresses", ADDRESS, headers)
    methods = {}
    for token in TOKENS:
        made = await caller.expect(201, "POST", "/api/me/payment-methods", {"token": token}, headers)
        methods[token] = made["paymentMethodId"]
    return Buyer(address["addressId"], methods)
