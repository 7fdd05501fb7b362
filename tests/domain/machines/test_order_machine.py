"""An order against the few words that are said of it in public."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule

from domain import order
from domain.aftersale import CancelLines
from domain.errors import DomainError, NotFound
from domain.order import ORDER, status
from domain.refund import RefundGranted
from tests.domain.machines.aggregate import AggregateMachine
from tests.domain.machines.goods import PRICE, cart_line, place_order, quote_of

ID = "ord_1"


class OrderMachine(AggregateMachine):
    decider = ORDER

    def __init__(self) -> None:
        super().__init__()
        self.status = ""
        self.confirmed = False
        self.reason = ""
        self.quantity = 0
        self.cut: dict[str, int] = {}
        """Units of each cancellation."""
        self.parcels: dict[str, tuple[int, str]] = {}
        """Units and status of each."""

    @rule(quantity=st.integers(1, 3), account=st.sampled_from(("usr_1", "usr_2")))
    def place(self, quantity: int, account: str) -> None:
        decided = self.ask(place_order(ID, quote_of([cart_line("lin_1", "pen", quantity)]), account_id=account))
        assert bool(decided) == (self.status == "")
        if not self.status:
            self.status, self.quantity = "PENDING", quantity

    @rule()
    def place_nothing(self) -> None:
        assert isinstance(self.ask(place_order(ID, quote_of([]))), DomainError) == (self.status == "")

    @rule()
    def confirm(self) -> None:
        decided = self.ask(order.ConfirmOrder(ID))
        assert isinstance(decided, DomainError) == (self.status in ("", "CANCELLED"))
        if decided == [order.OrderConfirmed()]:
            assert not self.confirmed
            self.confirmed = True

    @rule()
    def pay(self) -> None:
        decided = self.ask(order.MarkOrderPaid(ID, "pay_1"))
        assert isinstance(decided, DomainError) == (self.status in ("", "CANCELLED") or not self.confirmed)
        if isinstance(decided, list):
            assert bool(decided) == (self.status == "PENDING")
            self.status = self.status if self.parcels else "PAID"

    @rule(
        name=st.sampled_from(("shi_1", "shi_2", "shi_3")), units=st.integers(0, 3), carrier=st.sampled_from(("", "UPS"))
    )
    def pack(self, name: str, units: int, carrier: str) -> None:
        left = self.left
        wanted = {"lin_1": units} if units else {}
        decided = self.ask(order.PackShipment(ID, name, "shp_a", 1, wanted, carrier))
        if self.status in ("", "PENDING", "CANCELLED"):
            assert isinstance(decided, DomainError)
        elif name in self.parcels:
            assert decided == []
        elif not left or units > left:
            assert isinstance(decided, DomainError)
        else:
            self.parcels[name] = (units or left, "SHIPPED" if carrier else "PACKED")
            self.derive_status()

    @rule(name=st.sampled_from(("shi_1", "shi_2", "shi_3")), to=st.sampled_from(("SHIPPED", "DELIVERED")))
    def move(self, name: str, to: str) -> None:
        ship = order.ShipShipment(ID, name, "UPS", "", 2)
        decided = self.ask(ship if to == "SHIPPED" else order.DeliverShipment(ID, name, 3))
        units, now = self.parcels.get(name, (0, ""))
        if not now or (to == "DELIVERED" and now == "PACKED"):
            assert isinstance(decided, DomainError)
        elif (now, to) in (("PACKED", "SHIPPED"), ("SHIPPED", "DELIVERED")):
            assert isinstance(decided, list)
            assert decided
            self.parcels[name] = (units, to)
            self.derive_status()
        else:
            assert decided == []

    @property
    def left(self) -> int:
        """Units that are neither packed nor called off."""
        return self.quantity - sum(self.cut.values()) - sum(packed for packed, _ in self.parcels.values())

    @rule(name=st.sampled_from(("can_1", "can_2", "can_3")), units=st.integers(1, 3))
    def call_units_off(self, name: str, units: int) -> None:
        left = self.left
        decided = self.ask(CancelLines(ID, name, f"rfd_{name}", {"lin_1": units}, 4, "usr_1"))
        if self.status == "CANCELLED" or (name in self.cut and self.status not in ("", "PENDING")):
            assert decided == []
        elif self.status in ("", "PENDING") or units > left:
            assert isinstance(decided, DomainError)
        elif units == left and not self.parcels:
            assert isinstance(decided, list)
            assert isinstance(decided[0], order.OrderCancelled)
            assert decided[0].units == ({"lin_1": units} if self.cut else {})
            self.status, self.reason = "CANCELLED", "cancelled"
        else:
            assert isinstance(decided, list)
            _, granted = decided
            assert isinstance(granted, RefundGranted)
            assert granted.amount == PRICE.multiply(units)
            self.cut[name] = units
            self.derive_status()

    def derive_status(self) -> None:
        stages = [status for _, status in self.parcels.values()]
        if stages and self.left == 0:
            self.status = next(stage for stage in ("PACKED", "SHIPPED", "DELIVERED") if stage in stages)

    @rule(reason=st.sampled_from(("cancelled", "expired", "out_of_stock")))
    def cancel(self, reason: str) -> None:
        decided = self.ask(order.CancelOrder(ID, reason, "usr_1"))
        packed = bool(self.parcels) and reason == "cancelled"
        assert isinstance(decided, DomainError) == (self.status == "" or packed)
        if isinstance(decided, list) and decided:
            left = {"lin_1": self.left} if self.cut and self.status == "PAID" else {}
            assert decided == [order.OrderCancelled(reason, "usr_1", left)]
            assert self.reason == ""
            assert self.status != "PAID" or reason == "cancelled"
            self.status, self.reason = "CANCELLED", reason

    @invariant()
    def says_what_the_model_says(self) -> None:
        try:
            assert status(self.state) == self.status
        except NotFound:
            assert self.status == ""
        if self.status == "CANCELLED":
            assert self.state.reason == self.reason, "the first reason stays"

    @invariant()
    def what_was_placed_never_changes(self) -> None:
        if self.events:
            assert self.state.placed == self.events[0]


TestOrder = OrderMachine.TestCase
TestOrder.settings = settings(max_examples=60, stateful_step_count=20)
