"""What comes after the purchase, under everything that can happen to it.

The machine of the checkout, begun with orders that are paid: buyers and sellers call lines off, sellers send and take
back, somebody gives money back, whole orders are called off in between, and whoever carries that on to stock and
payment does so late, twice, on old knowledge, or dies. The audit says what must be true all the same, and once
everything has settled.
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule, run_state_machine_as_test

from commands.routes import stream_of
from domain.ids import payment_id
from domain.money import Money
from domain.orders import order
from domain.orders.aftersale import ApproveReturn, CancelLines, GrantRefund, ReceiveReturn, RejectReturn, RequestReturn
from domain.orders.order import OpenOrder, PaidOrder
from domain.orders.returns import DAY_MS
from domain.payments.payment import Payment
from tests.domain.machines.checkout import PROCESSES, CheckoutMachine, any_index, baskets, cards
from tests.domain.machines.market import BUYERS, PLAINLY, POLICIES
from tests.domain.machines.prices import PRICES, Pricing

amounts = st.integers(0, 3000)
WINDOW = 30 * DAY_MS


class AfterSaleMachine(CheckoutMachine):
    def __init__(self) -> None:
        super().__init__()
        self.ids = 0

    @initialize(
        goods=st.lists(baskets, min_size=1, max_size=2),
        card=cards,
        price=st.sampled_from(PRICES),
        by_parcel=st.booleans(),
    )
    def open(self, goods: Any, card: str, price: Pricing, by_parcel: bool) -> None:
        """Each buyer has bought something, perhaps with a gift card, unless the first has left nothing. What is sold by
        parcel has its first one on the way."""
        self.market.open(6)
        self.market.price = price
        for buyer, basket in zip(BUYERS, goods, strict=False):
            self.put_into_cart(buyer, False, basket)
            command = self.market.order(buyer, False, policy=POLICIES[2] if by_parcel else PLAINLY, card=card)
            if command is not None:
                self.submit(command, command.order_id)
        if not by_parcel:
            self.everything_settles()
            return
        for packs in (True, False):
            for _ in range(2):
                self.see_all_checkouts_on(3, 0)
                self.hear_everything()
            for order_id in self.orders(OpenOrder) if packs else ():
                self.pack_of(order_id, 1, "UPS")

    def fresh(self, kind: str) -> str:
        """Of its own, beside the parcels of the machine below."""
        self.ids += 1
        return f"{kind}_after_{self.ids}"

    def a_paid_order(self, index: int) -> tuple[str, PaidOrder]:
        orders = self.orders(PaidOrder)
        order_id = orders[index % len(orders)]
        return order_id, self.world.state(order_id)

    def a_line(self, state: PaidOrder, index: int) -> Any:
        return state.placed.quote.lines[index % len(state.placed.quote.lines)]

    # what people do

    @precondition(lambda self: self.orders(PaidOrder))
    @rule(index=any_index, line=any_index, units=st.sampled_from((1, 2, None)), twice=st.booleans(), process=PROCESSES)
    def call_units_off(self, index: int, line: int, units: int | None, twice: bool, process: int) -> None:
        order_id, state = self.a_paid_order(index)
        named = {self.a_line(state, line).line_id: units}
        command = CancelLines(order_id, self.fresh("can"), self.fresh("rfd"), {**named}, self.world.now)
        for number in range(2 if twice else 1):
            self.submit(command, order_id, process + number)

    @precondition(lambda self: self.orders(PaidOrder))
    @rule(index=any_index, amount=amounts, twice=st.booleans(), process=PROCESSES)
    def give_money_back(self, index: int, amount: int, twice: bool, process: int) -> None:
        """Who does so knows what is disputed, as far as we have heard of it."""
        order_id, _ = self.a_paid_order(index)
        wanted = Money(amount, "USD") if amount else None
        paid = self.world.state(payment_id(order_id))
        disputed = (paid.contested, paid.lost) if isinstance(paid, Payment) else (None, None)
        command = GrantRefund(order_id, self.fresh("rfd"), "goodwill", self.world.now, wanted, {}, False, *disputed)
        for number in range(2 if twice else 1):
            self.submit(command, order_id, process + number)

    @precondition(lambda self: self.orders(PaidOrder))
    @rule(index=any_index, line=any_index, units=st.sampled_from((0, 1, None)), shipping=st.booleans())
    def give_back_what_units_cost(self, index: int, line: int, units: int | None, shipping: bool) -> None:
        order_id, state = self.a_paid_order(index)
        named = {self.a_line(state, line).line_id: units} if units != 0 else {}
        paid = self.world.state(payment_id(order_id))
        disputed = (paid.contested, paid.lost) if isinstance(paid, Payment) else (None, None)
        command = GrantRefund(order_id, self.fresh("rfd"), "late", self.world.now, None, named, shipping, *disputed)
        self.submit(command, order_id)

    @precondition(lambda self: self.orders(PaidOrder))
    @rule(index=any_index, line=any_index, units=st.integers(1, 2), process=PROCESSES)
    def send(self, index: int, line: int, units: int, process: int) -> None:
        order_id, state = self.a_paid_order(index)
        sent = self.a_line(state, line)
        parcel = {sent.line_id: units}
        pack = order.PackShipment(order_id, self.fresh("shi_sent"), sent.shop_id, self.world.now, parcel, "UPS")
        self.submit(pack, order_id, process)

    @precondition(lambda self: self.orders(PaidOrder))
    @rule(index=any_index, process=PROCESSES)
    def deliver(self, index: int, process: int) -> None:
        order_id, state = self.a_paid_order(index)
        for shipment_id in state.shipments:
            self.submit(order.DeliverShipment(order_id, shipment_id, self.world.now), order_id, process)

    @precondition(lambda self: self.orders(PaidOrder))
    @rule(index=any_index, line=any_index, units=st.integers(1, 2), process=PROCESSES)
    def ask_to_send_back(self, index: int, line: int, units: int, process: int) -> None:
        order_id, state = self.a_paid_order(index)
        named = {self.a_line(state, line).line_id: units}
        command = RequestReturn(order_id, self.fresh("ret"), {**named}, self.world.now, WINDOW)
        self.submit(command, order_id, process)

    @precondition(lambda self: self.orders(PaidOrder))
    @rule(
        index=any_index,
        restock=st.booleans(),
        all_of_it=st.booleans(),
        shipping=st.booleans(),
        twice=st.booleans(),
        process=PROCESSES,
    )
    def take_back(self, index: int, restock: bool, all_of_it: bool, shipping: bool, twice: bool, process: int) -> None:
        order_id, state = self.a_paid_order(index)
        for return_id, known in state.returns.items():
            self.submit(ApproveReturn(order_id, return_id, self.world.now), order_id, process)
            part: dict[str, int | None] = {} if all_of_it else dict.fromkeys(known.units, 1)
            refund_id = self.fresh("rfd")
            command = ReceiveReturn(order_id, return_id, refund_id, self.world.now, restock, part, shipping)
            for number in range(2 if twice else 1):
                self.submit(command, order_id, process + number)

    @precondition(lambda self: self.orders(PaidOrder))
    @rule(index=any_index, process=PROCESSES)
    def refuse_to_take_back(self, index: int, process: int) -> None:
        order_id, state = self.a_paid_order(index)
        for return_id in state.returns:
            self.submit(RejectReturn(order_id, return_id, self.world.now), order_id, process)

    @precondition(lambda self: self.orders(PaidOrder))
    @rule(index=any_index, amount=amounts, won=st.sampled_from((None, True, False)), heard=st.booleans())
    def dispute(self, index: int, amount: int, won: bool | None, heard: bool) -> None:
        """A buyer goes to his bank, or the bank decides; we may hear of it now, or later."""
        order_id, _ = self.a_paid_order(index)
        paid_id = payment_id(order_id)
        if won is None:
            self.provider.dispute(paid_id, amount + 1, self.world.now)
        else:
            self.provider.decide(paid_id, won, self.world.now)
        for notice in self.provider.disputes() if heard else ():
            self.submit(notice, order_id) if stream_of(notice) == paid_id else None


class AfterSaleWithoutReactors(AfterSaleMachine):
    """Only the checkout process asks."""


class AfterSaleOneEngine(AfterSaleMachine):
    reactors = 1


class AfterSaleTwoEngines(AfterSaleMachine):
    """Each with a reactor that never hears of what the other wrote."""

    reactors = 2


MACHINES = [AfterSaleWithoutReactors, AfterSaleOneEngine, AfterSaleTwoEngines]


@pytest.mark.slow
@pytest.mark.parametrize("machine", MACHINES, ids=lambda machine: machine.__name__)
def test_goods_and_money_go_back_once(machine: type[AfterSaleMachine]) -> None:
    run_state_machine_as_test(machine, settings=settings(max_examples=150, stateful_step_count=50))
