"""Checkout as a whole, under everything that can happen to it.

Whoever asks for the next step of a checkout may do so late, twice, on old knowledge, or die before it; engines react
within their batches or have forgotten everything; the provider declines, stays silent, answers late and repeatedly;
buyers call orders off whenever they like; time passes. The audit says what must be true all the same.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from commands.routes import stream_of
from domain.checkout.saga import FOREVER, is_settled, next_commands, rests_until
from domain.checkout.stocksteps import PAYMENT_GRACE_MS
from domain.decider import Command
from domain.errors import DomainError
from domain.inventory import inventory
from domain.inventory.inventory import HOLD_MS
from domain.orders import order, orderreviewing
from domain.orders.aftersale import CancelLines
from domain.orders.order import OpenOrder, PaidOrder
from domain.orders.policy import PARCEL
from domain.payments import payment
from tests.domain.machines.audit import Audit
from tests.domain.machines.goods import first_to_pack
from tests.domain.machines.market import BUYERS, BY_STOCK, CARDS, OFFERS, PLAINLY, POLICIES, Market
from tests.domain.machines.provider import INTENTS, Provider
from tests.domain.machines.world import World

ROUNDS_MAX = 40
PROCESSES = st.integers(0, 1)
buyers = st.sampled_from(BUYERS)
offers = st.sampled_from(OFFERS)
guests = st.booleans()
cards = st.sampled_from(("", "", *CARDS))
policies = st.one_of(st.just(PLAINLY), st.sampled_from(POLICIES))
seldom_not = st.sampled_from((True, True, True, False))
baskets = st.lists(st.tuples(offers, st.integers(1, 2)), min_size=1, max_size=3)
any_index = st.integers(0, 1_000)


class CheckoutMachine(RuleBasedStateMachine):
    reactors = 0

    def __init__(self) -> None:
        super().__init__()
        self.world = World(self.reactors)
        self.provider = Provider()
        self.market = Market(self.world)
        self.audit = Audit(self.world, self.provider)
        self.asked: list[tuple[str, Command]] = []
        """On their way: correlation and command, each with the instant and the knowledge of whoever sent it."""
        self.post: list[tuple[str, Command]] = []
        """Whatever processes ever asked."""
        self.parcels = 0

    def submit(self, command: Command, correlation: str = "", process: int = 0) -> None:
        with suppress(DomainError):
            self.world.submit(command, correlation, process)

    def orders(self, *kinds: type) -> list[str]:
        kinds = kinds or (object,)
        return [stream for stream in self.world.streams("ord_") if isinstance(self.world.state(stream), kinds)]

    def intents(self) -> list[Any]:
        return [recorded for recorded in self.world.log if isinstance(recorded.event, INTENTS)]

    @initialize(units=st.integers(1, 3), carts=st.lists(st.tuples(buyers, guests, baskets), min_size=2, max_size=4))
    def open(self, units: int, carts: Any) -> None:
        self.market.open(units)
        for buyer, guest, goods in carts:
            self.put_into_cart(buyer, guest, goods)

    # buyers

    @rule(buyer=buyers, guest=guests, goods=baskets)
    def put_into_cart(self, buyer: str, guest: bool, goods: Any) -> None:
        for terms, quantity in goods:
            self.market.add(buyer, guest, terms, quantity)

    @precondition(lambda self: self.world.streams("crt_"))
    @rule(buyer=buyers, guest=guests)
    def take_out_of_cart(self, buyer: str, guest: bool) -> None:
        self.market.remove(buyer, guest)

    @precondition(lambda self: self.world.streams("crt_guest"))
    @rule(buyer=buyers)
    def sign_in(self, buyer: str) -> None:
        self.market.merge(buyer)

    @rule(
        buyer=buyers,
        guest=guests,
        goods=baskets,
        serviceable=seldom_not,
        policy=policies,
        card=cards,
        hurry=seldom_not,
        process=PROCESSES,
    )
    def check_out(
        self, buyer: str, guest: bool, goods: Any, serviceable: bool, policy: Any, card: str, hurry: bool, process: int
    ) -> None:
        """Some click twice; some requests take their time to arrive, and find the card empty. The shop changes its mind
        about how it sells."""
        if self.market.order(buyer, guest) is None:
            self.put_into_cart(buyer, guest, goods)
        command = self.market.order(buyer, guest, serviceable, policy, card)
        if command is not None:
            self.submit(command, command.order_id, process) if hurry else self.asked.append((command.order_id, command))

    @precondition(lambda self: self.orders(OpenOrder, PaidOrder))
    @rule(index=any_index, process=PROCESSES)
    def call_off(self, index: int, process: int) -> None:
        orders = self.orders(OpenOrder, PaidOrder)
        order_id = orders[index % len(orders)]
        self.submit(order.CancelOrder(order_id, "cancelled", "usr_1"), order_id, process)

    # sellers, and who looks at orders

    @precondition(lambda self: self.orders(OpenOrder, PaidOrder))
    @rule(index=any_index, units=st.integers(0, 2), carrier=st.sampled_from(("", "UPS")), process=PROCESSES)
    def pack(self, index: int, units: int, carrier: str, process: int) -> None:
        orders = self.orders(OpenOrder, PaidOrder)
        self.pack_of(orders[index % len(orders)], units, carrier, process)

    def pack_of(self, order_id: str, units: int, carrier: str, process: int = 0) -> None:
        line = first_to_pack(self.world.state(order_id))
        self.parcels += 1
        wanted = {line.line_id: units} if units else {}
        parcel = order.PackShipment(order_id, f"shi_{self.parcels}", line.shop_id, self.world.now, wanted, carrier)
        self.submit(parcel, order_id, process)

    @precondition(lambda self: self.by_parcel())
    @rule(index=any_index, units=st.sampled_from((1, None)), process=PROCESSES)
    def call_off_a_line(self, index: int, units: int | None, process: int) -> None:
        orders = self.by_parcel()
        order_id = orders[index % len(orders)]
        self.parcels += 1
        wanted = {first_to_pack(self.world.state(order_id)).line_id: units}
        names = f"can_{self.parcels}", f"rfd_{self.parcels}"
        self.submit(CancelLines(order_id, *names, wanted, self.world.now, "usr_1"), order_id, process)

    def by_parcel(self) -> list[str]:
        orders = self.orders(OpenOrder, PaidOrder)
        return [order_id for order_id in orders if self.world.state(order_id).placed.capture == PARCEL]

    @precondition(lambda self: self.under_review())
    @rule(index=any_index, approves=seldom_not, process=PROCESSES)
    def somebody_looks_at_an_order(self, index: int, approves: bool, process: int) -> None:
        orders = self.under_review()
        order_id = orders[index % len(orders)]
        verdict = orderreviewing.ApproveReview if approves else orderreviewing.RejectReview
        self.submit(verdict(order_id, self.world.now, "usr_root"), order_id, process)

    def under_review(self) -> list[str]:
        return [order_id for order_id in self.orders(OpenOrder) if self.world.state(order_id).review is not None]

    # whoever sees checkouts through

    @precondition(lambda self: self.world.applied < len(self.world.log))
    @rule(maximum=st.integers(1, 20))
    def follow(self, maximum: int) -> None:
        self.world.follow(maximum)

    @precondition(lambda self: self.world.rows)
    @rule(up_to_date=st.booleans())
    def ask_for_the_next_steps(self, up_to_date: bool) -> None:
        if up_to_date:
            self.world.follow()
        self.asked += self.next_steps()

    @precondition(lambda self: self.world.log)
    @rule(rounds=st.integers(1, 4), process=PROCESSES)
    def see_all_checkouts_on(self, rounds: int, process: int) -> None:
        """A process that is up to date and undisturbed."""
        for _ in range(rounds):
            self.world.follow()
            for correlation, command in self.next_steps():
                self.submit(command, correlation, process)

    def next_steps(self) -> list[tuple[str, Command]]:
        steps = [
            (row.order_id, command)
            for row in self.world.rows.values()
            if not is_settled(row)
            for command in next_commands(row, self.world.now)
        ]
        self.post += steps
        return steps

    @precondition(lambda self: self.asked)
    @rule(index=any_index, well=seldom_not, process=PROCESSES)
    def arrive(self, index: int, well: bool, process: int) -> None:
        correlation, command = self.asked.pop(index % len(self.asked))
        if well:
            self.submit(command, correlation, process)

    @precondition(lambda self: self.post)
    @rule(process=PROCESSES, backwards=st.booleans())
    def all_post_arrives_once_more(self, process: int, backwards: bool) -> None:
        """Everything that was ever asked, as of when it was asked."""
        for correlation, command in self.post[::-1] if backwards else list(self.post):
            self.submit(command, correlation, process)

    @precondition(lambda self: self.reactors and self.world.streams("ord_"))
    @rule(process=PROCESSES)
    def crash(self, process: int) -> None:
        self.world.crash(process)

    # the provider

    @precondition(lambda self: self.intents())
    @rule(
        index=any_index,
        willing=st.sampled_from((True, True, False)),
        at_once=st.sampled_from((True, True, False)),
        process=PROCESSES,
    )
    def provider_acts(self, index: int, willing: bool, at_once: bool, process: int) -> None:
        intents = self.intents()
        intent = intents[-1 - index % len(intents)]
        self.provider.hear(intent, willing=willing)
        if at_once:
            self.submit(self.provider.answers[payment.key_of(intent)], intent.meta.correlation, process)

    @precondition(lambda self: self.provider.answers)
    @rule(index=any_index, process=PROCESSES)
    def provider_answers(self, index: int, process: int) -> None:
        keys = list(self.provider.answers)
        key = keys[-1 - index % len(keys)]
        self.answer(key, process)

    @precondition(lambda self: self.intents())
    @rule(index=any_index, number=st.integers(1, 3))
    def provider_is_silent(self, index: int, number: int) -> None:
        """An authorization that it says it never heard of is given up in the end; the call may yet arrive there."""
        intent = self.intents()[-1 - index % len(self.intents())]
        key = payment.key_of(intent)
        failure = payment.RecordFailedAttempt(intent.stream, key, number, "GatewayTimeout")
        self.submit(failure, intent.meta.correlation)
        authorizing = isinstance(intent.event, payment.AuthorizationRequested)
        if number == 3 and authorizing and key not in self.provider.answers:
            self.submit(
                payment.RecordDecline(intent.stream, key, "provider_unavailable"),
                intent.meta.correlation,
            )

    def answer(self, key: str, process: int = 0) -> None:
        order_id = "ord_" + key.partition("/")[0].removeprefix("pay_")
        self.submit(self.provider.answers[key], order_id, process)

    # time and the warehouse

    @rule(ms=st.sampled_from((1, 30_000, PAYMENT_GRACE_MS + 1, HOLD_MS - 1, HOLD_MS, HOLD_MS + 1)), swept=st.booleans())
    def time_passes(self, ms: int, swept: bool) -> None:
        self.world.now += ms
        if swept:
            self.sweep()

    def sweep(self) -> None:
        for stock_id in BY_STOCK:
            self.submit(inventory.ExpireHolds(stock_id, self.world.now))

    @rule(terms=offers, units=st.integers(-2, 2))
    def count(self, terms: Any, units: int) -> None:
        self.submit(inventory.AdjustStock(terms.stock_id, units, self.world.now))

    # what must be true

    @invariant()
    def audited(self) -> None:
        self.audit.now()

    @precondition(lambda self: self.world.streams("ord_"))
    @rule()
    def everything_settles(self) -> None:
        """The provider answers everything and time passes: so every checkout comes to an end."""
        for rounds in range(ROUNDS_MAX):
            if rounds == 1:
                self.all_post_arrives_once_more(0, backwards=False)
            before = len(self.world.log)
            while self.asked:
                correlation, command = self.asked.pop(0)
                self.submit(command, correlation)
            self.hear_everything()
            self.world.follow()
            self.asked += self.next_steps()
            self.hear_of_disputes()
            if len(self.world.log) == before and not self.asked and not self.wait():
                break
            self.audit.now()
            self.world.now += PAYMENT_GRACE_MS
        else:
            stuck = [row for row in self.world.rows.values() if not is_settled(row)]
            raise AssertionError(f"stuck: {stuck}; asked: {self.asked}")
        self.world.now += HOLD_MS
        self.sweep()
        self.audit.now()
        self.audit.settled()

    def wait(self) -> bool:
        """For the hour that comes next; if there is none, sellers pack. Whether anything waited for either."""
        due = {row.order_id: rests_until(row) for row in self.world.rows.values() if not is_settled(row)}
        for order_id in [order_id for order_id, until in due.items() if until == FOREVER]:
            self.pack_of(order_id, 0, "UPS")
        hours = [until for until in due.values() if until is not None and until != FOREVER]
        self.world.now = max([self.world.now, *(until + 1 for until in hours)])
        return any(until is not None for until in due.values())

    def hear_of_disputes(self) -> None:
        """Every bank decides in the end, and the provider is asked how it stands."""
        for paid_id in self.world.streams("pay_"):
            self.provider.decide(paid_id, False, self.world.now)
        for notice in self.provider.disputes():
            self.submit(notice, "ord_" + stream_of(notice).removeprefix("pay_"))

    def hear_everything(self) -> None:
        given_up = {row.stream for row in self.world.log if isinstance(row.event, payment.PaymentDeclined)}
        for intent in self.intents():
            unheard = isinstance(intent.event, payment.AuthorizationRequested) and intent.stream in given_up
            if payment.key_of(intent) in self.provider.answers or not unheard:
                self.provider.hear(intent, willing=True)
                self.answer(payment.key_of(intent))
        self.ask_again_for_what_was_refused()

    def ask_again_for_what_was_refused(self) -> None:
        """A person does, once the provider's records are put right."""
        for paid_id in self.world.streams("pay_"):
            for refund_id, refund in self.world.state(paid_id).refunds.items():
                if refund.status == "refused":
                    order_id = "ord_" + paid_id.removeprefix("pay_")
                    self.submit(payment.RetryRefund(paid_id, refund_id, "cancelled"), order_id)

    def teardown(self) -> None:
        if self.orders():
            self.everything_settles()
