"""Every operation answers well at least once, and exactly in the shape that the document states.

Generated requests seldom get far: they are refused for a SKU that nobody sells. These get through.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from commands.context import system_context
from domain.books.difference import Difference, FindDifference, difference_id
from domain.buyers.account import GrantScope
from domain.ids import payment_id
from domain.money import Money
from domain.orders.policy import OrderPolicy
from kontor.serving.running import build_app
from kontor.settings import Settings
from streams.gateways.port import RefundRefused
from streams.gateways.signatures import Signer
from tests.e2e.buying.drops import Buyer, Clock, Drop
from tests.e2e.giftcards import balance, issue
from tests.e2e.house import House, in_process
from tests.e2e.market import Seller, open_shop
from tests.e2e.selling.feedrows import Beds, lines
from tests.e2e.selling.feeds import path as feed
from tests.e2e.selling.feeds import put, rejected, run
from tests.e2e.selling.pictures import shows
from tests.e2e.selling.pushes import push, secret_of
from tests.e2e.shopper import Shopper, expect, fresh_key, sign_up
from tests.fuzz.owning import forgets, tidies_up_and_leaves, wants_a_second_factor
from tests.fuzz.strict import Clerk

pytestmark = pytest.mark.fuzz
GOOD = {200, 201, 202, 204}
ARRAY = {"type": "array", "items": {"type": "string"}}


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with in_process(tmp_path / "data", feeds_folder=tmp_path / "feeds") as house:
        yield house


async def test_every_operation_answers_as_the_document_says(house: House) -> None:
    clerk = Clerk(house.app.openapi())
    house.http.event_hooks["response"].append(clerk.check)
    seller = await open_shop(house.http)
    sku = await seller.sells(stock=100, listPrice={"amount": 2999, "currency": "USD"}, limitPerAccount=50)
    ada = await (await sign_up(house.http)).move_in()
    await buys_and_looks(ada, seller, sku)
    await is_called_back(house)
    await runs_the_shop(seller, sku)
    root = await in_charge(house)
    await keeps_the_catalog(root, seller)
    await shows_pictures(house, seller, sku)
    await brings_rows(house, seller)
    await moves_what_is_found(root)
    await runs_promotions(root, seller, ada, sku)
    await issues_gift_cards(root, seller, ada)
    await wishes(ada, sku)
    await sends(seller, ada, sku)
    await gives_back(house, root, seller, ada, sku)
    await looks_around(house, seller, sku)
    await forgets(house, ada)
    await wants_a_second_factor(ada)
    await tidies_up_and_leaves(ada)
    await operates(root)
    await looks_at_orders(house, root, seller, sku)
    await keeps_books(house, root, seller)
    await waits_in_line(house, seller)
    assert [label for label, statuses in clerk.statuses.items() if not statuses & GOOD] == []


async def in_charge(house: House) -> Shopper:
    root = await sign_up(house.http, "Root Admin")
    await house.services.engine.submit(GrantScope(root.user_id, "admin"), system_context("test", 1))
    await root.sign_in()
    return root


async def operates(root: Shopper) -> None:
    slices = (await root.read("/api/admin/slices"))["items"]
    assert (await root.do("POST", "/api/admin/slices/move", slices[0]))["items"] == slices
    assert (await root.read("/api/purges"))["everything"] is True
    events = await root.read("/api/events?types=order.*,account.erased")
    assert events["items"]
    placed = next(event for event in events["items"] if event["type"] == "order.placed")
    then = f"asOf={placed['position']}&diff={events['items'][-1]['position']}"
    assert (await root.read(f"/api/admin/streams/{placed['stream']}?{then}"))["changes"]
    assert (await root.read(f"/api/admin/streams/{placed['stream']}"))["related"]
    wanted = {"url": "https://hooks.invalid/kontor", "types": ["order.*"]}
    created = await root.do("POST", "/api/subscriptions", wanted, 201)
    assert (await root.do("GET", "/api/subscriptions"))["items"]
    path = f"/api/subscriptions/{created['subscriptionId']}"
    await root.do("GET", path)
    assert (await root.read("/api/admin/projections"))["items"]
    assert (await root.read("/api/admin/parked"))["items"] == []
    assert (await root.read("/api/admin/orders"))["items"]
    assert (await root.read("/api/admin/shops"))["items"]
    await root.do("POST", f"{path}/redeliver", {"position": events["items"][0]["position"]}, 202)
    await root.do("DELETE", path, status=204)


async def looks_at_orders(house: House, root: Shopper, seller: Seller, sku: str) -> None:
    house.services.policy = OrderPolicy(review_above=0)
    buyer = await (await sign_up(house.http)).move_in()
    for verdict in ("approve", "reject"):
        await buyer.add(sku)
        order_id = (await buyer.buy())["orderId"]
        root.position = buyer.position
        assert (await root.read("/api/admin/reviews"))["items"][0]["orderId"] == order_id
        body = {"note": "Looked at it."}
        await root.do("POST", f"/api/admin/reviews/{order_id}/{verdict}", body, Idempotency_Key=fresh_key())


async def keeps_books(house: House, root: Shopper, seller: Seller) -> None:
    assert (await root.read("/api/admin/ledger"))["items"]
    for path in ("disputes?status=closed", "refused-refunds?status=lost"):
        assert "items" in await root.read(f"/api/admin/{path}")
    assert (await seller.shopper.read(f"/api/shops/{seller.shop_id}/ledger"))["items"]
    assert (await seller.shopper.send("GET", f"/api/shops/{seller.shop_id}/ledger.csv")).status_code == 200
    differs = Difference("unknown_charge", "ord_X", "ch_1", Money(0, "USD"), Money(500, "USD"), 1)
    found = FindDifference(difference_id(differs), differs, 1)
    await house.services.engine.submit(found, system_context("test", 1))
    path = f"/api/admin/differences/{difference_id(differs)}"
    await root.do("POST", f"{path}/explain", {"note": "A test of the provider's."})
    await root.do("POST", f"{path}/settle", {"note": "Paid back by hand."})
    assert (await root.read("/api/admin/differences?status=settled"))["items"]


async def waits_in_line(house: House, seller: Seller) -> None:
    drop = Drop(house, Clock(), seller, await seller.sells(stock=1, limitPerAccount=1))
    await drop.announce()
    waiting = Buyer(await sign_up(house.http))
    await waiting.joins(drop)
    assert (await waiting.place(drop))["state"] == "announced"
    assert (await waiting.shopper.read(drop.path))["dropId"] == drop.drop_id
    assert (await waiting.shopper.read("/api/drops"))["items"]
    expect(200, await seller.shopper.send("DELETE", drop.path))


async def buys_and_looks(ada: Shopper, seller: Seller, sku: str) -> None:
    guest = Shopper(ada.http)
    await guest.add(sku)
    await guest.cart()
    await ada.do("POST", "/api/cart/merge", Cart_Token=guest.cart_token)
    cart = await ada.add(sku, 2)
    item = cart["lines"][0]["itemId"]
    await ada.do("PATCH", f"/api/cart/items/{item}", {"quantity": 1})
    await ada.quote()
    paid = await ada.buy()
    await ada.pays_with("pm_card_declined")
    await ada.add(sku)
    failed = (await ada.buy())["orderId"]
    assert (await ada.settled(failed))["checkout"]["reason"] == "payment_declined"
    for order_id in (paid["orderId"], failed):
        await ada.read(f"/api/orders/{order_id}")
        await ada.read(f"/api/orders/{order_id}?version=1")
        await ada.read(f"/api/orders/{order_id}/timeline")
    await ada.read("/api/orders?limit=1")
    expect(200, await ada.cancel(paid["orderId"]))
    await ada.settled(paid["orderId"])
    await ada.read(f"/api/orders/{paid['orderId']}/timeline")
    [line] = (await ada.cart())["lines"]
    await ada.do("DELETE", f"/api/cart/items/{line['itemId']}")
    await seller.shopper.read(f"/api/shops/{seller.shop_id}/orders", Kontor_Min_Position=ada.position)


async def keeps_the_catalog(root: Shopper, seller: Seller) -> None:
    schema = {"properties": {"width": {"type": "number", "x-unit": "cm"}, "tags": ARRAY}, "required": ["width"]}
    await root.do("PUT", "/api/categories/Kept", {"titles": {"de": "Gepflegt"}, "schema": schema})
    mo = seller.shopper
    attributes = {"width": {"value": 63, "unit": "in"}, "tags": ["a", "b"]}
    variants = [{"sku": "KEPT-1", "attributes": {"size": 1}}]
    body = {"title": "Kept", "category": ["Kept"], "attributes": attributes, "variants": variants, "axes": ["size"]}
    path = f"/api/products/{(await mo.do('POST', '/api/products', {**body, 'status': 'draft'}, 201))['productId']}"
    await mo.do("POST", f"{path}/variants", {"sku": "KEPT-2", "attributes": {"size": 2}}, 201)
    assert (await mo.read(path))["status"] == "draft"
    await mo.do("POST", f"{path}/publish")
    group = {"price": {"amount": 900, "currency": "USD"}, "group": "wholesale", "startsAt": "2026-01-01T00:00:00Z"}
    sale = {"price": {"amount": 1500, "currency": "USD"}, "name": "Sale", "endsAt": "2999-01-01T00:00:00Z"}
    await seller.sells(5, sku="KEPT-2", prices=[group, sale])
    await mo.read(path)
    await mo.read(f"{path}?version=1")
    await mo.read(f"/api/offers/{seller.shop_id}/KEPT-2")
    await mo.do("POST", f"{path}/withdraw")
    assert (await mo.read("/api/categories/Kept"))["kept"]["effectiveSchema"]["required"] == ["width"]
    await root.do("DELETE", "/api/categories/Kept")


async def shows_pictures(house: House, seller: Seller, sku: str) -> None:
    product = seller.products[sku]
    media_id = await shows(house, seller, product, alt="From the front")
    path = f"/api/products/{product}/media/{media_id}"
    await seller.shopper.do("PATCH", path, {"alt": "The front"})
    page = await seller.shopper.read(f"/api/products/{product}")
    assert (await house.http.get(page["image"])).status_code == 200
    await seller.shopper.do("DELETE", path, status=204)


async def brings_rows(house: House, seller: Seller) -> None:
    """By a feed that is fetched, and by a message that is pushed."""
    folder = house.folder.parent / "feeds" / seller.shop_id
    folder.mkdir(parents=True)
    (folder / "beds.ndjson").write_bytes(lines([Beds().row(1), b"torn"]))
    await put(seller, source="file:beds.ndjson")
    done = await run(seller)
    assert len(await rejected(seller, done)) == 1
    for more in ("", "/runs"):
        await seller.shopper.read(feed(seller, more=more))
    await seller.shopper.read(f"/api/shops/{seller.shop_id}/feeds")
    for step in ("pause", "resume"):
        await seller.shopper.do("POST", feed(seller, more=f"/{step}"))
    await seller.shopper.do("DELETE", feed(seller), status=204)
    secret = await secret_of(seller)
    expect(200, await push(house, seller, secret, {"title": "Bed", "variants": [{"sku": "BED-9"}]}, what="products"))
    await seller.shopper.do("DELETE", f"/api/shops/{seller.shop_id}/push-secret", status=204)


async def moves_what_is_found(root: Shopper) -> None:
    rule = {"kind": "synonyms", "phrases": ["sofa", "couch"]}
    made = await root.do("POST", "/api/admin/search/rules", rule, 201)
    path = f"/api/admin/search/rules/{made['ruleId']}"
    await root.read("/api/admin/search/rules")
    await root.read(path)
    await root.do("PUT", path, {**rule, "phrases": ["sofa", "couch", "settee"]})
    await root.do("DELETE", path)


async def runs_promotions(root: Shopper, seller: Seller, ada: Shopper, sku: str) -> None:
    terms = {"name": "Sale", "shopId": seller.shop_id, "benefit": {"kind": "percent", "percent": 10}, "code": "SALE"}
    created = await seller.shopper.do("POST", "/api/promotions", terms, 201)
    path = f"/api/promotions/{created['promotionId']}"
    await seller.shopper.do("PUT", path, {**terms, "name": "Bigger sale"})
    await seller.shopper.read(path)
    await seller.shopper.read(f"/api/promotions?shopId={seller.shop_id}")
    await ada.add(sku)
    await ada.do("POST", "/api/cart/coupons", {"code": "SALE"}, 201)
    assert (await ada.quote())["promotions"]
    await ada.do("DELETE", "/api/cart/coupons/SALE")
    await seller.shopper.do("DELETE", path)
    await root.do("PUT", f"/api/admin/accounts/{ada.user_id}/groups", {"groups": ["teachers"]})


async def issues_gift_cards(root: Shopper, seller: Seller, ada: Shopper) -> None:
    card = await issue(root, 500)
    assert await balance(ada, card) == (500, 0)
    assert (await root.read("/api/gift-cards"))["items"]
    other = await issue(seller.shopper, 500, shopId=seller.shop_id)
    await seller.shopper.do("POST", f"/api/gift-cards/{other.gift_card_id}/disable")


async def wishes(ada: Shopper, sku: str) -> None:
    await ada.do("POST", "/api/wishlist/items", {"sku": sku}, 201)
    assert (await ada.read("/api/wishlist"))["items"]
    await ada.do("DELETE", f"/api/wishlist/items/{sku}", status=204)


async def sends(seller: Seller, ada: Shopper, sku: str) -> None:
    await ada.pays_with("pm_card_visa")
    await ada.add(sku)
    order = await ada.buy()
    path = f"/api/orders/{order['orderId']}/shipments"
    packed = await seller.shopper.do("POST", path, {}, 201, Idempotency_Key=fresh_key())
    one = f"{path}/{packed['shipmentId']}"
    await seller.shopper.do("POST", f"{one}/shipped", {"carrier": "UPS"}, Idempotency_Key=fresh_key())
    await seller.shopper.do("POST", f"{one}/delivered", Idempotency_Key=fresh_key())
    await reviews(ada, seller.products[sku])
    await ada.do("POST", f"/api/shops/{seller.shop_id}/ratings", {"orderId": order["orderId"], "rating": 5}, 201)
    await finds_more(ada, seller.products[sku])
    await comes_back(seller, ada, order)
    ada.position = seller.shopper.position
    await ada.read(f"/api/orders/{order['orderId']}")
    await ada.read(f"/api/orders/{order['orderId']}/timeline")
    path = f"/api/shops/{seller.shop_id}/orders"
    [newest, *_] = (await seller.shopper.read(path))["items"]
    await seller.shopper.read(f"{path}?from={newest['createdAt']}&toPack=false")
    await seller.shopper.read(f"{path}/{newest['orderId']}")
    assert (await seller.shopper.send("GET", f"{path}.csv")).status_code == 200


async def reviews(ada: Shopper, product_id: str) -> None:
    path = f"/api/products/{product_id}/reviews"
    await ada.do("POST", path, {"rating": 4, "title": "Sleeps well", "text": "Oak."}, 201)
    assert (await ada.read(path))["items"]
    assert (await ada.read(f"/api/products/{product_id}"))["rating"] == {"average": 4.0, "count": 1}


async def finds_more(ada: Shopper, product_id: str) -> None:
    assert (await ada.read(f"/api/products/{product_id}/also-bought"))["basis"] == "popular"
    await ada.read(f"/api/products/{product_id}/delivery?shipTo=US-CA&quantity=2")
    await ada.read("/api/feed")


async def comes_back(seller: Seller, ada: Shopper, order: dict[str, Any]) -> None:
    path = f"/api/orders/{order['orderId']}/returns"
    lines = [{"lineId": order["lines"][0]["lineId"], "quantity": 1, "reason": "too small"}]
    steps: list[tuple[str, Any]] = [("reject", {"reason": "worn"}), ("approve", {"carrier": "UPS"})]
    for step, body in steps:
        asked = await ada.do("POST", path, {"lines": lines}, 201, Idempotency_Key=fresh_key())
        one = f"{path}/{asked['returnId']}"
        await seller.shopper.do("POST", f"{one}/{step}", body, Idempotency_Key=fresh_key())
    receipt = {"restock": True, "refundShipping": True}
    await seller.shopper.do("POST", f"{one}/receive", receipt, Idempotency_Key=fresh_key())


async def gives_back(house: House, root: Shopper, seller: Seller, ada: Shopper, sku: str) -> None:
    await ada.add(sku, 3)
    order = await ada.buy()
    path = f"/api/orders/{order['orderId']}"
    refunds: Any = house.services.payments.gateway
    refund = refunds.refund

    async def refuse(*arguments: Any) -> RefundRefused:
        return RefundRefused("unknown_charge")

    refunds.refund = refuse
    lines = [{"lineId": order["lines"][0]["lineId"], "quantity": 1}]
    body = {"lines": lines, "shipping": True, "reason": "damaged"}
    refused = house.services.engine.watch(
        payment_id(order["orderId"]), lambda state: any(one.refusal for one in state.refunds.values())
    )
    granted = await root.do("POST", f"{path}/refunds", body, 202, Idempotency_Key=fresh_key())
    await asyncio.wait_for(refused, 10)
    refunds.refund = refund
    again = f"{path}/refunds/{granted['refundId']}/retry"
    await root.do("POST", again, None, 202, Idempotency_Key=fresh_key())
    for who in (ada, seller.shopper):
        expect(200, await who.cancel(order["orderId"], lines=lines, reason="too many"))
    await ada.read(f"{path}/timeline")


async def is_called_back(house: House) -> None:
    body = b'{"key":"nobody/1","outcome":{"type":"authorized","reference":"ch_nobody"}}'
    signer = Signer(house.services.vault.secrets.webhook_secret)
    headers = signer.headers("msg_1", house.services.clock() // 1000, body)
    where = "/api/webhooks/payments/simulated"
    expect(415, await house.http.post(where, content=body, headers=headers))
    headers["Content-Type"] = "application/json"
    expect(200, await house.http.post(where, content=body, headers=headers))


async def runs_the_shop(seller: Seller, sku: str) -> None:
    mo, shop_id = seller.shopper, seller.shop_id
    await mo.do("PATCH", f"/api/shops/{shop_id}", {"name": "Nordwald & Co."})
    await mo.do("POST", f"/api/inventory/{shop_id}/{sku}/adjust", {"quantity": -1, "reason": "damaged"})
    await mo.do("PATCH", f"/api/products/{seller.products[sku]}", {"title": "Oak bed, oiled"})
    await mo.read(f"/api/shops/{shop_id}/inventory?below=5")
    await mo.read(f"/api/shops/{shop_id}/inventory")
    await mo.read(f"/api/shops/{shop_id}/offers?below=5")
    await mo.read(f"/api/shops/{shop_id}/offers")
    await seller.describes("A bed to be", status="draft")
    assert (await mo.read(f"/api/shops/{shop_id}/drafts"))["items"]
    await mo.read(f"/api/shops/{shop_id}")
    other = await seller.sells()
    await mo.do("DELETE", f"/api/offers/{shop_id}/{other}")
    await mo.do("DELETE", f"/api/products/{seller.products[other]}")
    await mo.read(f"/api/products/{seller.products[other]}")


async def looks_around(house: House, seller: Seller, sku: str) -> None:
    visitor = Shopper(house.http, position=seller.shopper.position)
    product = f"/api/products/{seller.products[sku]}"
    looked_at = (product, "/api/categories", "/api/categories/Furniture/Beds", f"/api/shops/{seller.shop_id}")
    for path in ("/api/products?q=oak&attr.material=oak", "/api/products/suggest?q=oak", *looked_at):
        found = expect(200, await visitor.send("GET", path, Kontor_Min_Position=visitor.position, Prefer="wait=10"))
        assert found.get("items", True), path
    for path in looked_at:
        tag = (await visitor.send("GET", path)).headers["etag"]
        assert (await visitor.send("GET", path, If_None_Match=tag)).status_code == 304
    named = {"Kontor-Session": "b7Jq0cQvT3mX1yZp9sLw2A"}
    signals = {"signals": [{"kind": "click", "productId": seller.products[sku], "query": "oak"}]}
    assert (await visitor.do("POST", "/api/signals", signals, 202, **named))["taken"] == 1
    await visitor.do("GET", "/api/recently-viewed", **named)
    await visitor.do("DELETE", "/api/signals", status=204, **named)
    await visitor.read("/api/searches/popular")
    for path in ("/", "/livez", "/readyz", "/api/popular?category=Furniture"):
        await visitor.read(path)


def test_the_two_documents_say_the_same_as_the_one(house: House) -> None:
    settings = Settings(data=house.folder, rate_limits=False)
    apps: list[Any] = [build_app(service, house.services, settings) for service in ("write", "read")]
    whole = house.app.openapi()["paths"]
    assert {path: methods for app in apps for path, methods in app.openapi()["paths"].items()}.keys() == whole.keys()
    for app in apps:
        for path, methods in app.openapi()["paths"].items():
            assert {method: whole[path][method] for method in methods} == methods
