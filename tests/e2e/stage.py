"""A marketplace in which there is one of everything, and who has to do with it."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

from commands.context import system_context
from commands.engine import now_ms
from domain.books.difference import Difference, FindDifference, difference_id
from domain.money import Money
from readapi.instants import instant
from tests.contracts.objects import PNG
from tests.e2e.aftersale import post, settled, units_of
from tests.e2e.boundaries.whomay import ADMIN, BUYER, RIVAL, SELLER, STRANGER, VISITOR
from tests.e2e.giftcards import issue, usd
from tests.e2e.house import House
from tests.e2e.market import Seller, open_shop
from tests.e2e.shopper import HOME, Shopper, expect, fresh_key, sign_up

REVIEWED_ABOVE = 500_000
NAME = "Wilhelmina Seldomheard"
"""The buyer's, which nobody else has."""


class Stage:
    """``people`` by what ``whomay.py`` calls them; ``known`` are names in paths and bodies, and their values."""

    def __init__(self, house: House, seller: Seller, people: dict[str, Shopper]) -> None:
        self.house = house
        self.seller = seller
        self.people = people
        self.buyer, self.admin = people[BUYER], people[ADMIN]
        self.known: dict[str, Any] = {
            "shop_id": seller.shop_id,
            "email": self.buyer.email,
            "user_id": self.buyer.user_id,
            "path": "Garden",
            "provider": "simulated",
            "what": "stock",
            "ticket": "dGlja2V0",
            "coupon": "SPRING",
            "opens_at": instant(now_ms() + 3_600_000),
        }

    @property
    def secrets(self) -> tuple[str, ...]:
        """Of the buyer, and nobody else's business."""
        return NAME, self.buyer.email, HOME["line1"], self.buyer.refresh_token

    async def furnish(self, folder: Path) -> None:
        await self._goods()
        await self._pictures()
        await self._feed(folder)
        await self._orders()
        await self._after_the_sale()
        await self._drop()
        await self._run_by_the_shop()
        await self._run_by_the_marketplace()
        await self._cart()
        await self._elsewhere()

    async def _goods(self) -> None:
        sku = await self.seller.sells(stock=100)
        self.known |= {"sku": sku, "product_id": self.seller.products[sku]}
        self.buyer.position = self.seller.shopper.position

    async def _pictures(self) -> None:
        product, shopper = self.known["product_id"], self.seller.shopper
        ids = []
        for _ in range(2):
            said = {"type": "image/png", "size": len(PNG)}
            upload = await shopper.do("POST", f"/api/products/{product}/media/uploads", said, 201)
            expect(204, await self.house.http.put(upload["url"], content=PNG, headers=upload["headers"]))
            ids.append(upload["mediaId"])
        await shopper.do("POST", f"/api/products/{product}/media", {"mediaId": ids[0]}, 201)
        self.known |= {"media_id": ids[0], "picture": f"{ids[0]}.png", "uploaded_id": ids[1]}

    async def _feed(self, folder: Path) -> None:
        """Of which one row was not taken."""
        own = folder / self.seller.shop_id
        own.mkdir(parents=True)
        (own / "stock.ndjson").write_text(json.dumps({"sku": "NONE", "quantity": 1}) + "\n")
        path = f"/api/shops/{self.seller.shop_id}/feeds/stock"
        shopper = self.seller.shopper
        await shopper.do("PUT", path, {"what": "stock", "source": "file:stock.ndjson"})
        run_id = (await shopper.do("POST", f"{path}/runs", {}, 202))["runId"]
        for _ in range(500):
            shown = await shopper.send("GET", f"{path}/runs/{run_id}/rejected")
            if shown.status_code == 200:
                break
            await asyncio.sleep(0.02)
        expect(200, shown)
        self.known |= {"name": "stock", "run_id": run_id}

    async def _order(self, sku: str, quantity: int) -> dict[str, Any]:
        await self.buyer.add(sku, quantity)
        return await self.buyer.buy()

    async def _orders(self) -> None:
        """One that is delivered, one of which a parcel is packed, one that can be called off, one under review."""
        sku, shopper = self.known["sku"], self.seller.shopper
        delivered, paid, other = [await self._order(sku, quantity) for quantity in (4, 3, 1)]
        dear = await self.seller.sells(stock=5, price=REVIEWED_ABOVE + 1)
        reviewed = await self._order(dear, 1)
        self.delivered = delivered
        parcels = f"/api/orders/{delivered['orderId']}/shipments"
        sent = expect(201, await post(shopper, parcels, {"carrier": "UPS"}))
        expect(200, await post(shopper, f"{parcels}/{sent['shipmentId']}/delivered"))
        packed = expect(
            201, await post(shopper, f"/api/orders/{paid['orderId']}/shipments", {"lines": [units_of(paid, 0, 1)]})
        )
        self.known |= {
            "delivered_id": delivered["orderId"],
            "line_id": delivered["lines"][0]["lineId"],
            "paid_id": paid["orderId"],
            "paid_line_id": paid["lines"][0]["lineId"],
            "other_id": other["orderId"],
            "reviewed_id": reviewed["orderId"],
            "shipment_id": packed["shipmentId"],
            "stream": delivered["orderId"],
            "event_id": f"{paid['orderId']}/1",
        }

    async def _after_the_sale(self) -> None:
        order_id = self.known["delivered_id"]
        lines = {"lines": [units_of(self.delivered, 0, 1)]}
        sent = expect(201, await post(self.buyer, f"/api/orders/{order_id}/returns", lines))
        granted = expect(
            202, await post(self.admin, f"/api/orders/{order_id}/refunds", {"amount": usd(1), "reason": "late"})
        )
        await settled(self.buyer, self.delivered)
        self.known |= {"return_id": sent["returnId"], "refund_id": granted["refundId"]}

    async def _drop(self) -> None:
        sku = await self.seller.sells(limitPerAccount=1)
        wanted = {"shopId": self.seller.shop_id, "sku": sku, "opensAt": self.known["opens_at"]}
        drop = await self.seller.shopper.do("POST", "/api/drops", wanted, 201)
        joined = await self.buyer.do("POST", f"/api/drops/{drop['dropId']}/tickets", status=201)
        self.known |= {"drop_sku": sku, "drop_id": drop["dropId"], "ticket_of_line": joined["ticket"]}

    async def _run_by_the_shop(self) -> None:
        shopper = self.seller.shopper
        terms = {"name": "Spring", "benefit": {"kind": "percent", "percent": 10}, "shopId": self.seller.shop_id}
        promotion = await shopper.do("POST", "/api/promotions", {**terms, "code": self.known["coupon"]}, 201)
        card = await issue(shopper, 5_000, shopId=self.seller.shop_id)
        await shopper.do("POST", f"/api/shops/{self.seller.shop_id}/push-secret", status=201)
        self.known |= {"promotion_id": promotion["promotionId"], "gift_card_id": card.gift_card_id, "code": card.code}

    async def _run_by_the_marketplace(self) -> None:
        admin = self.admin
        rule = await admin.do(
            "POST", "/api/admin/search/rules", {"kind": "synonyms", "phrases": ["sofa", "couch"]}, 201
        )
        hook = {"url": "https://hooks.example/kontor", "types": ["order.*"]}
        subscription = await admin.do("POST", "/api/subscriptions", hook, 201)
        await admin.do("PUT", "/api/categories/Garden", {})
        differs = Difference("unknown_charge", "ord_X", "ch_1", Money(0, "USD"), Money(500, "USD"), now_ms())
        found = FindDifference(difference_id(differs), differs, now_ms())
        await self.house.services.engine.submit(found, system_context("test", now_ms()))
        self.known |= {
            "rule_id": rule["ruleId"],
            "subscription_id": subscription["subscriptionId"],
            "difference_id": difference_id(differs),
        }

    async def _cart(self) -> None:
        visitor = Shopper(self.house.http)
        await visitor.add(self.known["sku"])
        await self.buyer.add(self.known["sku"])
        other = await self.seller.sells()
        self.buyer.position = self.seller.shopper.position
        first, second = (await self.buyer.add(other))["lines"]
        self.known |= {
            "item_id": first["itemId"],
            "other_item_id": second["itemId"],
            "cart_id": self.buyer.cart_id,
            "address_id": self.buyer.address_id,
            "payment_method_id": self.buyer.method_id,
            "cart_token": visitor.cart_token,
        }

    async def _elsewhere(self) -> None:
        """The buyer is signed in on another device too."""
        other = Shopper(self.house.http, email=self.buyer.email)
        await other.sign_in()
        known = (await other.do("GET", "/api/me/sessions"))["items"]
        self.known["session_id"] = next(one["sessionId"] for one in known if one["current"])


async def staged(house: House, folder: Path) -> Stage:
    """``folder`` is where feeds may be read from."""
    seller, rival = await open_shop(house.http), await open_shop(house.http, "Südwald")
    admin = await sign_up(house.http, "Root Admin")
    await house.grant(admin.user_id, "admin")
    await admin.sign_in()
    buyer = await (await sign_up(house.http, NAME)).move_in()
    people = {
        VISITOR: Shopper(house.http),
        STRANGER: await sign_up(house.http),
        RIVAL: rival.shopper,
        BUYER: buyer,
        SELLER: seller.shopper,
        ADMIN: admin,
    }
    stage = Stage(house, seller, people)
    await stage.furnish(folder)
    return stage


def key() -> dict[str, str]:
    return {"Idempotency-Key": fresh_key()}
