"""Orders whose money is taken after a day, or when they are sent."""

from __future__ import annotations

from domain.orders import order, shipment
from domain.orders.policy import LATER, SHIPMENT
from tests.domain.checkout.story import CONFIRMED, PAYMENT, SOLD, placed

LATE = 86_400_000
AT_SHIPMENT, AFTER_A_DAY = placed(capture=SHIPMENT), placed(capture=LATER, capture_at=LATE)
STANDS = (*SOLD, CONFIRMED)
UNITS = {"lin_PEN": 2, "lin_INK": 1}
PACKED = shipment.ShipmentPacked("shi_1", "shp_a", UNITS, 5)
PAID = order.OrderPaid(PAYMENT)
