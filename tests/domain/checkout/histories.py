"""Aggregates of one house, in which a checkout goes on one step at a time."""

from __future__ import annotations

from domain.checkout.saga import is_settled, next_commands
from domain.decider import Command
from domain.ids import payment_id
from domain.inventory import inventory
from domain.payments import payment
from tests.domain.machines.market import OFFERS, Market
from tests.domain.machines.world import World

BUYER, OTHER = "usr_1", "usr_2"
PLAIN, LIMITED = OFFERS[0], OFFERS[1]


class House:
    """A world without reactors, where every step is somebody's."""

    def __init__(self, units: int = 2) -> None:
        self.world = World(reactors=0)
        self.market = Market(self.world)
        self.market.open(units)

    def order(self, buyer: str = BUYER, *, guest: bool = False, quantity: int = 1, terms=PLAIN) -> str:
        self.market.add(buyer, guest, terms, quantity)
        command = self.market.order(buyer, guest)
        assert command is not None
        self.world.submit(command, command.order_id)
        return command.order_id

    def next(self, order_id: str) -> list[Command]:
        self.world.follow()
        row = self.world.rows[order_id]
        return [] if is_settled(row) else next_commands(row, self.world.now)

    def step(self, order_id: str, steps: int = 1) -> None:
        for _ in range(steps):
            for command in self.next(order_id):
                self.world.submit(command, order_id)

    def tell(self, order_id: str, command: Command) -> None:
        self.world.submit(command, order_id)

    def key(self, order_id: str) -> str:
        """Of what the provider was asked for last."""
        state = self.world.state(payment_id(order_id))
        return f"{payment_id(order_id)}/{state.intent}.{state.placed_at}"

    def authorized(self, order_id: str) -> None:
        self.tell(order_id, payment.RecordAuthorization(payment_id(order_id), self.key(order_id), "ch_1"))

    def declined(self, order_id: str) -> None:
        self.tell(order_id, payment.RecordDecline(payment_id(order_id), self.key(order_id), "card_declined"))

    def pass_time(self, ms: int, *, sweep: bool = False) -> None:
        self.world.now += ms
        if sweep:
            for terms in OFFERS:
                self.world.submit(inventory.ExpireHolds(terms.stock_id, self.world.now))

    def settled(self, order_id: str) -> bool:
        self.step(order_id, 10)
        return is_settled(self.world.rows[order_id])

    def lines(self, cart_id: str) -> list[tuple[str, int]]:
        return [(line.sku, line.quantity) for line in self.world.state(cart_id).lines]
