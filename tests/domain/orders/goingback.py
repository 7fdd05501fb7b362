"""An order that has arrived, and a return of it in each of its steps."""

from __future__ import annotations

from domain.orders import returns
from domain.orders.aftersale import ApproveReturn, ReceiveReturn
from domain.orders.refund import RefundGranted, lines_of
from domain.orders.returns import DAY_MS, Return
from domain.orders.shipment import Shipment, ShipmentDelivered, ShipmentPacked, ShipmentShipped
from tests.domain.orders.twosellers import ID, QUOTE, a_paid_order
from tests.spec import Given, usd

WINDOW = 30 * DAY_MS
ARRIVED = 1_000_000
NOW = ARRIVED + DAY_MS


def sent(shipment_id: str, shop_id: str, units: dict[str, int], delivered_at: int = ARRIVED) -> tuple:
    return (
        ShipmentPacked(shipment_id, shop_id, units, 5),
        ShipmentShipped(shipment_id, "UPS", "", units, 6),
        ShipmentDelivered(shipment_id, delivered_at),
    )


PENS = sent("shi_1", "shp_a", {"lin_1": 3})
INK = sent("shi_2", "shp_b", {"lin_2": 1})
REQUESTED = returns.ReturnRequested("ret_1", "shp_a", {"lin_1": 2}, NOW, "usr_1", b"sealed")
APPROVED = returns.ReturnApproved("ret_1", 7, "UPS", "1Z")
REJECTED = returns.ReturnRejected("ret_1", 7, b"sealed")
RECEIVED = returns.ReturnReceived("ret_1", {"lin_1": 2}, True, 8)
APPROVE = ApproveReturn(ID, "ret_1", 7, "UPS", "1Z")
RECEIVE = ReceiveReturn(ID, "ret_1", "rfd_1", 8, True)


def delivered(*since: object) -> Given:
    return a_paid_order(*PENS, *INK, *since)


def owed(units: dict[str, int], *before: RefundGranted, refund_id: str = "rfd_1", **more: object) -> RefundGranted:
    lines = lines_of(QUOTE, before, units)
    amount = usd(sum(line.amount.amount for line in lines))
    return RefundGranted(refund_id, amount, "returned", 8, lines, cause="ret_1")


def parcel(units: int, delivered_at: int) -> Shipment:
    return Shipment("shp_a", {"lin_1": units}, 1, "delivered", "UPS", "", 2, delivered_at)


def sent_back(units: int, at: int, status: str = "approved", **more: object) -> Return:
    return Return("shp_a", {"lin_1": units}, at, at, status, **more)  # type: ignore[arg-type]
