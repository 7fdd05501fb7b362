"""The whole checkout, and what comes after it, where the money of every order is taken parcel by parcel."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule, run_state_machine_as_test

from domain.money import Money
from domain.orders.order import OpenOrder, PaidOrder, PlaceOrder
from domain.orders.orderstate import to_send
from domain.orders.policy import PARCEL, OrderPolicy
from domain.payments import payment
from tests.domain.machines.checkout import PROCESSES, CheckoutMachine, any_index, baskets
from tests.domain.machines.market import BUYERS, PLAINLY, Market
from tests.domain.machines.test_aftersale_machine import AfterSaleMachine
from tests.domain.machines.test_payment_machine import ID, PARTS, PaymentMachine

POLICY = OrderPolicy(capture=PARCEL)


class ByParcel(Market):
    """Whatever the shop was about to do, it takes the money by parcel, and gift cards stay at home."""

    def order(
        self, buyer: str, guest: bool, serviceable: bool = True, policy: OrderPolicy = PLAINLY, card: str = ""
    ) -> PlaceOrder | None:
        return super().order(buyer, guest, serviceable, POLICY)


class ParcelMachine(CheckoutMachine):
    reactors = 1

    def __init__(self) -> None:
        super().__init__()
        self.market = ByParcel(self.world)

    @initialize(baskets=st.lists(baskets, min_size=2, max_size=2))
    def open(self, baskets: Any) -> None:
        """Each buyer has an order that stands, or wants more than there is."""
        self.market.open(4)
        for buyer, goods in zip(BUYERS, baskets, strict=True):
            self.put_into_cart(buyer, False, goods)
            command = self.market.order(buyer, False)
            if command is not None:
                self.submit(command, command.order_id)
        for _ in range(4):
            self.see_all_checkouts_on(4, 0)
            self.hear_everything()

    @precondition(lambda self: self.waiting())
    @rule(index=any_index, carrier=st.sampled_from(("", "UPS")), willing=st.booleans(), process=PROCESSES)
    def pack_what_waits(self, index: int, carrier: str, willing: bool, process: int) -> None:
        """And the provider has heard of it at once, as it mostly has."""
        waiting = self.waiting()
        self.pack_of(waiting[index % len(waiting)], 1, carrier, process)
        self.see_all_checkouts_on(2, process)
        self.provider_acts(0, willing=willing, at_once=True, process=process)

    def waiting(self) -> list[str]:
        return [
            order_id
            for order_id in self.orders(OpenOrder, PaidOrder)
            if getattr(self.world.state(order_id), "confirmed", True)
            and any(to_send(self.world.state(order_id)).values())
        ]


class WithoutReactors(ParcelMachine):
    reactors = 0


class TwoEngines(ParcelMachine):
    reactors = 2


class AfterParcels(ParcelMachine, AfterSaleMachine):
    """Returns, refunds and disputes between the parcels."""


class PartsMachine(PaymentMachine):
    """A payment that is authorized, and captured in parts before anything else is done with it."""

    @initialize(amount=st.integers(10, 10**6), parts=st.lists(st.tuples(st.sampled_from(PARTS), st.integers(1, 11))))
    def authorized(self, amount: int, parts: Any) -> None:
        self.submit(payment.RequestAuthorization(ID, "ord_1", Money(amount, "USD"), "pm_card", 0, True))
        self.submit(payment.RecordAuthorization(ID, f"{ID}/1", "ch_1"))
        for part, share in parts:
            self.a_parcel_is_packed(part, share)
            self.the_provider_says_of_a_capture(None, True)


MACHINES = [ParcelMachine, WithoutReactors, TwoEngines, AfterParcels]


@pytest.mark.parametrize("machine", MACHINES, ids=lambda machine: machine.__name__)
def test_every_parcel_is_paid_once_and_what_is_left_is_let_go(machine: type[ParcelMachine]) -> None:
    run_state_machine_as_test(machine, settings=settings(max_examples=100, stateful_step_count=40))


TestParts = PartsMachine.TestCase
TestParts.settings = settings(max_examples=100, stateful_step_count=30)
