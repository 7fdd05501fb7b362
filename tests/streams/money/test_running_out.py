"""Money that the provider lets go by itself before anybody has packed: the order is called off then, and not when
somebody packs at last."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from domain.ids import payment_id
from domain.money import Money
from domain.orders import order
from domain.orders.order import CancelledOrder, PackShipment, PaidOrder
from domain.orders.policy import PARCEL, SHIPMENT
from domain.payments.payment import Payment
from streams.gateways import simulated
from streams.gateways.port import CaptureRefused
from streams.processes import checkout
from tests.streams.house import SHOP, STOCK_ID, House, opened, place_order
from tests.streams.money.inparcels import ONE, QUOTE, UNITS, over, until

SHORT_MS = 2_500


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(simulated, "AUTHORIZED_FOR_MS", SHORT_MS)
    monkeypatch.setattr(checkout, "SILENT_MS", 20)
    monkeypatch.setattr(checkout, "SWEEP_S", 0.05)


async def bought(house: House, capture: str) -> str:
    await house.stock(UNITS)
    order_id = await house.buy(replace(place_order(1, "pm_card_visa", QUOTE), capture=capture))
    await until(house, payment_id(order_id), lambda state: isinstance(state, Payment) and state.reference)
    return order_id


@pytest.mark.slow
@pytest.mark.parametrize("capture", [SHIPMENT, PARCEL])
async def test_nobody_packs(tmp_path: Path, capture: str) -> None:
    async with opened(tmp_path) as house:
        order_id = await bought(house, capture)
        called_off = await until(house, order_id, lambda state: isinstance(state, CancelledOrder))
        assert called_off.reason == "expired"
        await until(house, payment_id(order_id), over("voided"))
        await until(house, STOCK_ID, lambda item: (item.on_hand, item.committed) == (UNITS, 0))
        assert {kind for _, kind in house.movements()} == {"authorize", "void"}


@pytest.mark.slow
async def test_what_is_in_no_parcel_by_then_is_called_off_by_line(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        order_id = await bought(house, PARCEL)
        await house.submit(PackShipment(order_id, "shi_1", SHOP, house.engine.clock(), ONE, "UPS"), order_id)
        paid = await until(house, order_id, lambda one: isinstance(one, PaidOrder) and one.cancellations)
        assert order.status(paid) == "SHIPPED"
        await until(house, STOCK_ID, lambda item: (item.on_hand, item.committed) == (UNITS - 1, 0))
        money = await until(house, payment_id(order_id), over("captured"))
        assert money.released


async def test_the_provider_takes_nothing_that_it_has_let_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(simulated, "AUTHORIZED_FOR_MS", 0)
    gateway = simulated.SimulatedGateway(tmp_path / "provider.db", b"0" * 32)
    await gateway.start()
    charge = await gateway.authorize("pay_1/1", "ord_1", Money(500, "USD"), "pm_card_visa")
    assert isinstance(charge, simulated.Authorized)
    answer = await gateway.capture("pay_1/2", charge.reference, Money(500, "USD"))
    assert answer == CaptureRefused("authorization_expired")
    await gateway.close()
