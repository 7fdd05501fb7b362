"""Checkouts of a run: the real saga over the world's aggregates, on the clock of what is replayed.

Two neighbours are fenced off. The provider's answers come from the log (``provider.py``). Carts are what they were:
that a checkout empties or fills one is told to the saga and changes nothing, for what buyers put in is replayed.
"""

from __future__ import annotations

from collections.abc import Mapping
from heapq import heappop, heappush

from domain.buyers import cart
from domain.checkout import saga
from domain.checkout.stocksteps import EXTEND_MS, PAYMENT_GRACE_MS
from domain.decider import Command, Event
from domain.errors import DomainError
from domain.ids import payment_id
from domain.orders.order import PlaceOrder
from domain.payments import payment
from domain.recorded import Recorded
from kontor.whatif.outcome import Purchase
from kontor.whatif.provider import Answers, question_of, recording
from kontor.whatif.world import World, as_recorded

REACTIONS_MAX = 100


class Checkouts:
    """``then`` is what the provider was asked and said in truth, by order."""

    def __init__(self, world: World, then: Mapping[str, Answers], purchases: dict[str, Purchase]) -> None:
        self._world = world
        self._then = then
        self._purchases = purchases
        self._known: dict[str, saga.Checkout] = {}
        self._answers: dict[str, Answers] = {}
        """What it has said by now."""
        self._timers: list[tuple[int, str]] = []

    def place(self, command: PlaceOrder, now: int) -> None:
        """Raises DomainError."""
        (placed,) = self._world.decide(command, now, command.order_id)
        order_id, until = command.order_id, command.hold_until
        self._known[order_id] = saga.begin(placed)
        self._answers.setdefault(order_id, Answers())
        for due in (until - EXTEND_MS, until + 1, until + PAYMENT_GRACE_MS + 1, command.capture_at):
            if due > now:
                heappush(self._timers, (due, order_id))
        self._take_in(placed)
        self.advance(order_id, now)

    def answered(self, order_id: str, event: Event, now: int) -> None:
        """The provider says what it said then, whether or not it is asked now."""
        self._answers.setdefault(order_id, Answers()).take(event)
        self.advance(order_id, now)

    def deed(self, order_id: str, command: Command, now: int) -> bool:
        """What somebody did to an order; whether that can be done to it now."""
        done = order_id in self._known
        if done:
            try:
                for one in self._world.decide(command, now, order_id):
                    self._take_in(one)
            except DomainError:
                done = False
        self.advance(order_id, now)
        return done

    def run_until(self, now: int) -> None:
        """Everything that is due by then."""
        while self._timers and self._timers[0][0] <= now:
            due, order_id = heappop(self._timers)
            self.advance(order_id, due)

    def advance(self, order_id: str, now: int) -> None:
        """Asks for whatever the checkout calls for, until it waits."""
        if order_id not in self._known:
            return
        for _ in range(REACTIONS_MAX):
            made = [
                one
                for command in saga.next_commands(self._known[order_id], now)
                for one in self._decided(order_id, command, now)
            ] or self._provider_says(order_id, now)
            if not made:
                return
            for one in made:
                self._take_in(one)
        raise AssertionError("a checkout does not come to rest")

    def _take_in(self, one: Recorded) -> None:
        order_id = one.meta.correlation
        state = saga.evolve(self._known[order_id], one)
        assert state is not None
        self._known[order_id] = state
        if one.stream == order_id:
            self._purchases[order_id].take(one.event)

    def _decided(self, order_id: str, command: Command, now: int) -> list[Recorded]:
        fenced = _of_cart(command)
        if fenced is not None:
            return [as_recorded(self._known[order_id].placed.cart_id, 1, fenced, now, order_id)]
        try:
            return self._world.decide(command, now, order_id)
        except DomainError:
            return []  # it asks again when something has changed

    def _provider_says(self, order_id: str, now: int) -> list[Recorded]:
        """What the provider says to what is asked of it now."""
        state, intent = self._world.state(payment_id(order_id)), self._known[order_id].payment.intent
        if not intent or not isinstance(state, payment.Payment):
            return []
        question = question_of(state)
        answer = self._answers[order_id].given.get(question)
        if question and answer is None:
            if question in self._then[order_id].asked:
                return []  # the answer is still to come, or never came
            self._purchases[order_id].assumed = True
        command = recording(payment_id(order_id), state, intent, answer)
        return [] if command is None else self._decided(order_id, command, now)


def _of_cart(command: Command) -> Event | None:
    match command:
        case cart.CheckOutCart():
            return cart.CartCheckedOut(command.order_id, tuple(command.ordered), command.at, dict(command.ordered))
        case cart.ReopenCart():
            return cart.CartReopened(command.order_id, command.lines)
        case cart.MergeCart():
            return cart.CartMerged(command.source, command.lines)
    return None
