"""An order against the few words that are said of it in public."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule

from domain.errors import DomainError, NotFound
from domain.orders import order
from domain.orders.aftersale import CancelLines
from domain.orders.order import ORDER, status
from domain.orders.orderreviewing import ApproveReview, BeginReview, RejectReview
from domain.orders.refund import RefundGranted
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
        self.capture = ""
        self.review = "none"
        """``none``, ``wanted``, ``open``, ``approved`` or ``rejected``."""
        self.quantity = 0
        self.cut: dict[str, int] = {}
        """Units of each cancellation."""
        self.parcels: dict[str, tuple[int, str]] = {}
        """Units and status of each."""

    @rule(
        quantity=st.integers(1, 3),
        account=st.sampled_from(("usr_1", "usr_2")),
        capture=st.sampled_from(("", "shipment", "later")),
        review=st.sampled_from(((), ("amount",))),
    )
    def place(self, quantity: int, account: str, capture: str, review: tuple[str, ...]) -> None:
        quote = quote_of([cart_line("lin_1", "pen", quantity)])
        terms = {"capture": capture, "review": review, "review_within": 5}
        decided = self.ask(place_order(ID, quote, account_id=account, **terms))
        assert bool(decided) == (self.status == "")
        if not self.status:
            self.status, self.quantity, self.capture = "PENDING", quantity, capture
            self.review = "wanted" if review else "none"

    @rule(verdict=st.sampled_from(("begin", "approve", "reject", "expire")), at=st.integers(1, 9))
    def look_at(self, verdict: str, at: int) -> None:
        by = "" if verdict == "expire" else "usr_root"
        command = {"begin": BeginReview(ID, 1), "approve": ApproveReview(ID, at, by)}.get(verdict)
        decided = self.ask(command or RejectReview(ID, at, by))
        late = verdict == "expire" and at > 6
        if self.status == "PENDING" and self.review == "wanted" and verdict == "begin":
            assert len(decided) == 1
            self.review = "open"
        elif self.status == "PENDING" and self.review == "open" and verdict == "approve":
            assert len(decided) == 1
            self.review = "approved"
        elif self.status == "PENDING" and self.review == "open" and (verdict == "reject" or late):
            assert decided[1:] == [order.OrderCancelled("rejected", by)]
            self.status, self.reason, self.review = "CANCELLED", "rejected", "rejected"
        else:
            assert isinstance(decided, DomainError) or decided == []

    @rule()
    def place_nothing(self) -> None:
        assert isinstance(self.ask(place_order(ID, quote_of([]))), DomainError) == (self.status == "")

    @rule()
    def confirm(self) -> None:
        decided = self.ask(order.ConfirmOrder(ID))
        unseen = self.status == "PENDING" and not self.confirmed and self.review not in ("none", "approved")
        assert isinstance(decided, DomainError) == (self.status in ("", "CANCELLED") or unseen)
        if decided == [order.OrderConfirmed()]:
            assert not self.confirmed
            self.confirmed = True

    @rule()
    def pay(self) -> None:
        decided = self.ask(order.MarkOrderPaid(ID, "pay_1", 1))
        assert isinstance(decided, DomainError) == (self.status in ("", "CANCELLED") or not self.confirmed)
        if isinstance(decided, list):
            assert bool(decided) == (self.status == "PENDING")
            if self.status == "PENDING":
                assert len(decided) == 1 + sum(stage == "WAITS" for _, stage in self.parcels.values())
                self.parcels = {
                    name: (units, "SHIPPED" if stage == "WAITS" else stage)
                    for name, (units, stage) in self.parcels.items()
                }
                self.status = "PAID"
                self.derive_status()

    @rule(
        name=st.sampled_from(("shi_1", "shi_2", "shi_3")), units=st.integers(0, 3), carrier=st.sampled_from(("", "UPS"))
    )
    def pack(self, name: str, units: int, carrier: str) -> None:
        left = self.left
        wanted = {"lin_1": units} if units else {}
        decided = self.ask(order.PackShipment(ID, name, "shp_a", 1, wanted, carrier))
        unpaid = self.status == "PENDING" and self.confirmed and self.capture == "shipment"
        if self.status in ("", "CANCELLED") or (self.status == "PENDING" and not unpaid):
            assert isinstance(decided, DomainError)
        elif name in self.parcels:
            assert decided == []
        elif not left or units > left:
            assert isinstance(decided, DomainError)
        else:
            leaves = "WAITS" if unpaid else "SHIPPED"
            self.parcels[name] = (units or left, leaves if carrier else "PACKED")
            self.derive_status()

    @rule(name=st.sampled_from(("shi_1", "shi_2", "shi_3")), to=st.sampled_from(("SHIPPED", "DELIVERED")))
    def move(self, name: str, to: str) -> None:
        ship = order.ShipShipment(ID, name, "UPS", "", 2)
        decided = self.ask(ship if to == "SHIPPED" else order.DeliverShipment(ID, name, 3))
        units, now = self.parcels.get(name, (0, ""))
        unpaid = self.status in ("PENDING", "CANCELLED")
        if not now or unpaid or (to == "DELIVERED" and now == "PACKED"):
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
        if self.status == "PENDING":
            return  # whatever is packed
        if stages and self.left == 0:
            self.status = next(stage for stage in ("PACKED", "SHIPPED", "DELIVERED") if stage in stages)

    @rule(reason=st.sampled_from(("cancelled", "expired", "out_of_stock")))
    def cancel(self, reason: str) -> None:
        decided = self.ask(order.CancelOrder(ID, reason, "usr_1"))
        packed = bool(self.parcels) and reason == "cancelled" and self.status != "CANCELLED"
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
