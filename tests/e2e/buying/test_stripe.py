"""Buying through Stripe: the same journey with another provider, its webhooks, and reconciling with it."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest
import stripe

from kontor.operating.status import config_of
from kontor.settings import Settings
from kontor.wiring import providers
from streams.gateways.stripe.gateway import StripeGateway
from streams.money.reconciling import Reconciler
from tests.e2e.house import House, in_process, kontor
from tests.e2e.market import Seller
from tests.e2e.shopper import Shopper, expect, problem
from tests.streams.gateways.stripe_house import KEY, fronted, localstripe
from tests.streams.stripe_shapes import event, shape

SECRET = "whsec_kontor"
HOOK = "/api/webhooks/payments/stripe"
CHOSEN = {"provider": "stripe", "stripe_secret_key": KEY, "stripe_webhook_secret": SECRET}
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def provider() -> Iterator[str]:
    with localstripe() as url:
        yield url


@pytest.fixture
async def house(tmp_path: Path, provider: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[House]:
    """That pays through Stripe, or what stands in for it here, where nothing has happened yet."""
    async with httpx.AsyncClient() as http:
        await http.delete(f"{provider}/_config/data")
    async with fronted(provider) as (_, url):
        monkeypatch.setattr(providers, "stripe_gateway", lambda settings: StripeGateway(KEY, SECRET, url=url))
        async with in_process(tmp_path / "data", **CHOSEN) as house:
            yield house


async def test_an_order_is_paid_and_called_off_through_stripe(house: House, seller: Seller, shopper: Shopper) -> None:
    await shopper.add(await seller.sells(price=2000))
    paid = await shopper.buy()
    assert (paid["status"], paid["payment"]["status"]) == ("PAID", "captured")
    expect(200, await shopper.cancel(paid["orderId"]))
    settled = await shopper.settled(paid["orderId"])
    assert settled["payment"]["status"] == "refunded"
    gateway = house.services.payments.gateway
    rows = [(row.kind, row.order_id, row.amount) async for row in gateway.settlement()]
    grand = paid["totals"]["grand"]["amount"]
    assert sorted(rows) == [(kind, paid["orderId"], grand) for kind in ("authorize", "capture", "refund")]


async def test_a_declined_card_pays_nothing(house: House, seller: Seller, shopper: Shopper) -> None:
    sku = await seller.sells()
    await shopper.pays_with("pm_card_chargeCustomerFail")
    await shopper.add(sku)
    order = await shopper.buy()
    assert (order["status"], order["checkout"]["reason"]) == ("CANCELLED", "payment_declined")
    assert [row async for row in house.services.payments.gateway.settlement()] == []


async def test_log_and_stripe_agree(house: House, seller: Seller, shopper: Shopper) -> None:
    sku = await seller.sells(stock=5)
    for card in ("pm_card_visa", "pm_card_chargeCustomerFail", "pm_card_visa"):
        await shopper.pays_with(card)
        await shopper.add(sku)
        order = await shopper.buy()
    expect(200, await shopper.cancel(order["orderId"]))
    await shopper.settled(order["orderId"])
    services = house.services
    reconciler = Reconciler(services.log, services.engine, services.payments, house.folder / "books.db")
    done = await reconciler.with_provider(grace=0)
    assert (done.open, done.orders, done.movements) == ([], 3, 5)


async def test_webhooks_come_in_by_their_own_signature(house: House, visitor: Shopper) -> None:
    subject = shape("payment_intent", id="pi_1", status="succeeded", metadata={"kontor_capture": "pay_elsewhere/3"})
    body = event("payment_intent.succeeded", subject)
    header = stripe.WebhookSignature.generate_signature_header(body.decode(), SECRET, timestamp=int(time.time()))
    headers = {"content-type": "application/json; charset=utf-8", "stripe-signature": header}
    for _ in range(2):
        assert expect(200, await house.http.post(HOOK, content=body, headers=headers)) == {"received": True}
    problem(await house.http.post(HOOK, content=body + b" ", headers=headers), 401, "unauthenticated")
    del headers["stripe-signature"]
    problem(await house.http.post(HOOK, content=body, headers=headers), 401, "unauthenticated")
    problem(await visitor.send("POST", "/api/webhooks/payments/simulated", {}), 404, "not_found")


def test_what_is_missing_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KONTOR_PROVIDER", "stripe")
    monkeypatch.setenv("KONTOR_STRIPE_SECRET_KEY", KEY)
    ended = kontor("serve", "all", "--port", "0", data=tmp_path / "data")
    assert ended.returncode == 1
    assert "KONTOR_STRIPE_WEBHOOK_SECRET" in ended.stderr
    assert KEY not in ended.stderr
    assert not (tmp_path / "data").exists()


def test_secrets_are_not_shown(tmp_path: Path) -> None:
    shown = json.dumps(config_of(Settings(data=tmp_path, **CHOSEN)))
    assert KEY not in shown
    assert SECRET not in shown
    assert '"stripe"' in shown
