"""Stock against a model that keeps every hold it ever saw, and when it ended."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule

from domain.errors import DomainError
from domain.inventory import inventory
from domain.inventory.inventory import INVENTORY, SETTLED_MAX, InventoryItem
from tests.domain.machines.aggregate import AggregateMachine

ID, TTL, LIMIT, HOLDERS = "stk_shp_a.pen", 100, 3, 8
orders = st.integers(1, HOLDERS).map("ord_{}".format)
carts = st.integers(1, 3).map("crt_{}".format)
accounts = st.sampled_from(("usr_1", "usr_2"))
quantities = st.integers(1, 4)
delays = st.sampled_from((0, 0, 0, 1, TTL // 2, TTL, 2 * TTL))


@dataclass(slots=True)
class Held:
    quantity: int
    expires_at: int
    account: str = ""


class InventoryMachine(AggregateMachine):
    decider = INVENTORY
    state: InventoryItem

    def __init__(self) -> None:
        super().__init__()
        self.now = 1_000
        self.known_at = 0
        """The latest instant by which holds were counted as expired."""
        self.on_hand = 0
        self.holds: dict[str, Held] = {}
        self.lapsed: dict[str, int] = {}
        """Units of holds that were swept and may still be claimed."""
        self.sold: dict[str, tuple[int, str]] = {}
        self.over: set[str] = set()
        """Ended for good: sold, undone, released or barred."""
        self.backordered = False
        self.causes = 0

    def alive(self, at: int) -> dict[str, Held]:
        return {key: hold for key, hold in self.holds.items() if hold.expires_at > max(at, self.known_at)}

    def available(self, at: int) -> int:
        sold = sum(quantity for quantity, _ in self.sold.values())
        return self.on_hand - sold - sum(hold.quantity for hold in self.alive(at).values())

    def taken(self, account: str, at: int, but_for: tuple[str, ...]) -> int:
        holds = [hold for key, hold in self.alive(at).items() if hold.account == account and key not in but_for]
        return sum(hold.quantity for hold in holds) + sum(q for q, whose in self.sold.values() if whose == account)

    def gone_by(self, at: int) -> None:
        """Units were promised or taken at that instant: from now on nobody finds expired holds alive."""
        if len(self.alive(at)) < len(self.holds):
            self.known_at = max(self.known_at, at)

    def refusal(self, quantity: int, account: str, at: int, own: tuple[str, ...], free: bool) -> str:
        back = sum(hold.quantity for key, hold in self.alive(at).items() if key in own)
        if not free and self.available(at) + back < quantity:
            return "out_of_stock"
        return "limit_exceeded" if account and self.taken(account, at, own) + quantity > LIMIT else ""

    # the warehouse

    @rule(quantity=st.integers(0, 9))
    def receive(self, quantity: int) -> None:
        decided = self.ask(inventory.ReceiveStock(ID, quantity, self.now), once=False)
        assert isinstance(decided, DomainError) == (quantity == 0)
        self.on_hand += quantity

    @rule(delta=st.integers(-9, 9), delay=delays)
    def adjust(self, delta: int, delay: int) -> None:
        at = self.now - delay
        self.adjusted(delta, at, self.ask(inventory.AdjustStock(ID, delta, at), once=False))

    @rule(quantity=st.integers(-1, 12))
    def count(self, quantity: int) -> None:
        decided = self.ask(inventory.SetStock(ID, quantity, self.now))
        if quantity < 0:
            assert isinstance(decided, DomainError)
        else:
            self.adjusted(quantity - self.on_hand, self.now, decided)

    def adjusted(self, delta: int, at: int, decided: object) -> None:
        refused = delta < 0 and -delta > max(self.available(at), 0)
        assert isinstance(decided, DomainError) == refused
        if not refused:
            self.on_hand += delta
            if delta < 0:
                self.gone_by(at)

    # holds

    @rule(hold_id=orders, cart=carts, quantity=quantities, account=accounts, limited=st.booleans(), delay=delays)
    def order_holds(self, hold_id: str, cart: str, quantity: int, account: str, limited: bool, delay: int) -> None:
        self.hold(hold_id, quantity, account if limited else "", delay, replaces=cart)

    @rule(hold_id=carts, quantity=quantities)
    def cart_holds(self, hold_id: str, quantity: int) -> None:
        self.hold(hold_id, quantity, "", 0)

    @rule(hold_id=orders, quantity=quantities)
    def hold_a_backorder(self, hold_id: str, quantity: int) -> None:
        self.hold(hold_id, quantity, "", 0, free=True)

    def hold(
        self, hold_id: str, quantity: int, account: str, delay: int, replaces: str = "", free: bool = False
    ) -> None:
        at = self.now - delay
        same = self.alive(at).get(hold_id)
        expected = self.refusal(quantity, account, at, (hold_id, replaces), free)
        command = inventory.HoldStock(
            ID, hold_id, quantity, at, at + TTL, account, LIMIT if account else None, free, replaces
        )
        comes_too_late = at + TTL <= self.known_at  # expired as it comes, so that asking again takes it again
        decided = self.ask(command, once=not expected and not comes_too_late)
        assert isinstance(decided, list)
        if hold_id in self.over or (same is not None and same.quantity == quantity):
            assert decided == []
            return
        (event,) = decided
        assert (event.reason if isinstance(event, inventory.StockRefused) else "") == expected
        if expected:
            return
        self.gone_by(at)
        self.backordered |= free
        self.holds.pop(replaces, None)
        self.holds.pop(hold_id, None)
        self.lapsed.pop(hold_id, None)
        self.holds[hold_id] = Held(quantity, at + TTL, account)

    @rule(hold_id=orders, longer=st.integers(-2, 5), delay=delays)
    def extend(self, hold_id: str, longer: int, delay: int) -> None:
        """Only what is there, and only to a later end."""
        at = self.now - delay
        held = self.alive(at).get(hold_id)
        until = at + longer if held is None else held.expires_at + longer
        decided = self.ask(inventory.HoldStock(ID, hold_id, 99, at, until, "usr_9", LIMIT, extends=True))
        if held is None or longer <= 0:
            assert decided == []
            return
        assert isinstance(decided, list)
        (event,) = decided
        assert (event.quantity, event.expires_at, event.account_id) == (held.quantity, until, held.account)
        self.gone_by(at)
        self.holds[hold_id] = Held(held.quantity, until, held.account)

    @rule(hold_id=carts)
    def take_out_of_cart(self, hold_id: str) -> None:
        held = self.holds.pop(hold_id, None)
        decided = self.ask(inventory.ReleaseStock(ID, hold_id, self.now, "removed"))
        assert decided == ([inventory.StockReleased(hold_id, held.quantity, "removed")] if held else [])

    @rule(hold_id=orders, delay=delays)
    def release(self, hold_id: str, delay: int) -> None:
        held = self.holds.pop(hold_id, None)
        decided = self.ask(inventory.ReleaseStock(ID, hold_id, self.now - delay, "cancelled"))
        if hold_id in self.over:
            assert decided == []
        elif held is None:
            assert decided == [inventory.HoldBarred(hold_id)]
        else:
            assert decided == [inventory.StockReleased(hold_id, held.quantity, "cancelled")]
        self.lapsed.pop(hold_id, None)
        self.over.add(hold_id)

    @rule(hold_id=orders, quantity=quantities, account=accounts, limited=st.booleans(), delay=delays)
    def commit(self, hold_id: str, quantity: int, account: str, limited: bool, delay: int) -> None:
        at, account = self.now - delay, account if limited else ""
        held = self.holds.get(hold_id)
        if held is not None:
            quantity, account = held.quantity, held.account  # an order asks for what it holds, on the same terms
        elif hold_id in self.lapsed:
            quantity = self.lapsed[hold_id]
        if held is None and hold_id not in self.lapsed:
            expected = "expired"
        else:
            expected = "" if hold_id in self.alive(at) else self.refusal(quantity, account, at, (hold_id,), free=False)
        command = inventory.CommitStock(ID, hold_id, quantity, at, False, account, LIMIT if account else None)
        decided = self.ask(command, once=not expected)
        assert isinstance(decided, list)
        if hold_id in self.over:
            assert decided == []
            return
        (event,) = decided
        assert (event.reason if isinstance(event, inventory.StockRefused) else "") == expected
        if not expected:
            self.gone_by(at)
            self.holds.pop(hold_id, None)
            self.lapsed.pop(hold_id, None)
            self.sold[hold_id] = quantity, account
            self.over.add(hold_id)

    @precondition(lambda self: self.sold)
    @rule(index=st.integers(0, HOLDERS))
    def undo_a_sale(self, index: int) -> None:
        hold_id = list(self.sold)[index % len(self.sold)]
        quantity, account = self.sold.pop(hold_id)
        decided = self.ask(inventory.UncommitStock(ID, hold_id, quantity, self.now, "cancelled", account))
        assert decided == [inventory.StockUncommitted(hold_id, quantity, "cancelled", account)]

    @precondition(lambda self: self.sold)
    @rule(index=st.integers(0, HOLDERS), units=quantities)
    def undo_a_part_of_a_sale(self, index: int, units: int) -> None:
        """Once for each cancellation; those of all units that were left are another matter."""
        hold_id = list(self.sold)[index % len(self.sold)]
        quantity, account = self.sold[hold_id]
        units = min(units, quantity)
        self.causes += 1
        cause = f"can_{self.causes}"
        decided = self.ask(inventory.UncommitStock(ID, hold_id, units, self.now, "cancelled", account, cause))
        assert decided == [inventory.StockUncommitted(hold_id, units, "cancelled", account, cause)]
        self.sold[hold_id] = quantity - units, account
        if units == quantity:
            del self.sold[hold_id]

    # time

    @rule(ms=st.sampled_from((1, TTL // 2, TTL - 1, TTL, TTL + 1)))
    def time_passes(self, ms: int) -> None:
        self.now += ms

    @rule()
    def sweep(self) -> None:
        gone = {key: hold for key, hold in self.holds.items() if hold.expires_at <= self.now}
        decided = self.ask(inventory.ExpireHolds(ID, self.now))
        expected = [inventory.StockReleased(key, hold.quantity, "expired") for key, hold in gone.items()]
        assert sorted(decided, key=str) == sorted(expected, key=str), "in no order that matters"
        self.holds = {key: hold for key, hold in self.holds.items() if key not in gone}
        self.lapsed |= {key: hold.quantity for key, hold in gone.items()}

    # what must be true

    @invariant()
    def agrees_with_the_model(self) -> None:
        assert self.state.on_hand == self.on_hand
        assert self.state.committed == sum(quantity for quantity, _ in self.sold.values())
        assert {key: hold.quantity for key, hold in self.state.holds.items()} == {
            key: hold.quantity for key, hold in self.holds.items()
        }
        assert self.state.held == sum(hold.quantity for hold in self.state.holds.values())
        assert self.state.soonest_expiry == min((hold.expires_at for hold in self.state.holds.values()), default=0)
        assert self.state.lapsed == self.lapsed
        for at in (self.now - 2 * TTL, self.now, self.now + TTL - 1, self.now + TTL):
            assert self.state.available(at) == self.available(at)

    @invariant()
    def never_oversells(self) -> None:
        assert self.backordered or self.state.available(self.now) >= 0

    @invariant()
    def nobody_has_more_than_the_limit(self) -> None:
        for account in ("usr_1", "usr_2"):
            assert self.taken(account, self.now, ()) <= LIMIT

    @invariant()
    def each_hold_ends_once(self) -> None:
        ended = [event.hold_id for event in self.events if isinstance(event, inventory.StockCommitted)]
        undone = [
            event.cause or event.hold_id for event in self.events if isinstance(event, inventory.StockUncommitted)
        ]
        assert len(ended) == len(set(ended))
        assert len(undone) == len(set(undone))
        assert HOLDERS < SETTLED_MAX  # the model never forgets


TestInventory = InventoryMachine.TestCase
TestInventory.settings = settings(max_examples=100, stateful_step_count=40)
