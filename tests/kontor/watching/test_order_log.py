"""What the log of a process says of orders and requests: which, whose and in which trace, and nothing of persons."""

from __future__ import annotations

import json

import msgspec
import structlog

from domain.orders import order, returns, shipment
from kontor.settings import Settings
from kontor.watching.orderlog import STEPS, OrderLog
from tests.e2e.aftersale import post, settled, units_of
from tests.e2e.house import in_process
from tests.e2e.market import open_shop
from tests.e2e.shopper import GOOD_CARD, HOME, PASSWORD, expect, sign_up

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
NOTE = "my neighbour Grace takes it"


async def test_each_step_of_a_purchase_is_one_line_and_none_of_them_tells_of_persons(tmp_path):
    with structlog.testing.capture_logs() as lines:
        async with in_process(tmp_path, access_log=True) as house:
            house.services.engine.listeners.append(OrderLog(house.services.engine).committed)
            seller = await open_shop(house.http)
            sku = await seller.sells(stock=10, price=1999)
            ada = await (await sign_up(house.http)).move_in()
            await ada.add(sku, 3)
            ada.headers["Traceparent"] = f"00-{TRACE}-00f067aa0ba902b7-01"
            bought = await ada.buy()
            body = {"lines": [units_of(bought, 0, 1)], "reason": NOTE}
            expect(200, await post(ada, f"/api/orders/{bought['orderId']}/cancel", body))
            await settled(ada, bought)
            packed = {"carrier": "DHL", "tracking": "00340434161094042557"}
            expect(201, await post(seller.shopper, f"/api/orders/{bought['orderId']}/shipments", packed))
            ada.cart_id = (await ada.add(sku))["cartId"]
            await ada.pays_with("pm_card_declined")
            declined = await ada.buy()
    taken = [line for line in lines if line["event"] in STEPS.values()]
    assert all(line["account"] == ada.user_id for line in taken)
    assert {line["trace"] for line in taken if line["event"] == "order_placed"} == {TRACE}
    assert len({line["position"] for line in taken}) == len(taken), "once each"
    steps = [line["event"] for line in taken if line["order"] == bought["orderId"]]
    assert steps[:3] == ["order_placed", "order_confirmed", "order_paid"]
    assert {"order_lines_cancelled", "order_refund_granted", "order_packed", "order_shipped"} == set(steps[3:])
    [last] = [line for line in taken if line["event"] == "order_cancelled"]
    assert (last["order"], last["reason"]) == (declined["orderId"], "payment_declined")
    requests = [line for line in lines if line["event"] == "request"]
    assert {line["account"] for line in requests if line["route"] == "/api/orders"} == {ada.user_id}
    said = msgspec.json.encode(lines).decode()
    secrets = (ada.email, ada.token, ada.refresh_token, ada.method_id, PASSWORD, GOOD_CARD, NOTE, *packed.values())
    persons = (*HOME.values(), *secrets, ada.address_id)
    assert [one for one in persons if len(one) > 2 and json.dumps(one)[1:-1] in said] == []


class Forgetful:
    """An engine that has nothing in its cache."""

    def known(self, stream: str) -> None:
        return None


def test_every_event_of_an_order_that_moves_it_has_a_line():
    moves = (order.OrderPlaced, order.OrderPaid, order.OrderCancelled, order.OrderRefunded, order.LinesCancelled)
    sent = (shipment.ShipmentPacked, shipment.ShipmentShipped, shipment.ShipmentDelivered)
    assert {*moves, *sent, returns.ReturnRequested, returns.ReturnReceived} <= STEPS.keys()


async def test_a_step_of_an_order_that_was_forgotten_is_told_without_the_account(tmp_path):
    lines: list[dict] = []
    async with in_process(tmp_path) as house:
        forgetful = OrderLog(Forgetful(), lambda step, **about: lines.append({"step": step, **about}))  # type: ignore[arg-type]
        house.services.engine.listeners.append(forgetful.committed)
        sku = await (await open_shop(house.http)).sells()
        ada = await (await sign_up(house.http)).move_in()
        await ada.add(sku)
        bought = await ada.buy()
    assert [(line["step"], line["order"], line["account"]) for line in lines] == [
        ("order_placed", bought["orderId"], ada.user_id),
        ("order_confirmed", bought["orderId"], None),
        ("order_paid", bought["orderId"], None),
    ]


def test_it_can_be_turned_off():
    assert Settings().order_log
    assert not Settings(order_log=False).order_log
