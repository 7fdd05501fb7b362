"""A cart against a dictionary of lines."""

from __future__ import annotations

from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule
from msgspec.structs import replace

from domain.buyers import cart
from domain.buyers.cart import CART, LINES_MAX, QUANTITY_MAX, CartLine, MergedCart, NoCart, OpenCart, order_id_of
from domain.errors import DomainError, IllegalTransition, Invalid, LimitExceeded, NotFound
from domain.money import Money
from tests.domain.machines.aggregate import AggregateMachine
from tests.domain.machines.goods import cart_line

ID = "crt_1"
Key = tuple[str, str]
shops = st.sampled_from(("shp_a", "shp_b"))
skus = st.sampled_from(("pen", "ink", "cup"))
quantities = st.sampled_from((0, 1, 2, QUANTITY_MAX // 2 + 1, QUANTITY_MAX, QUANTITY_MAX + 1))
currencies = st.sampled_from(("USD", "USD", "USD", "EUR"))


class CartMachine(AggregateMachine):
    decider = CART

    def __init__(self) -> None:
        super().__init__()
        self.now = 1_000
        self.made = 0
        self.lines: dict[Key, CartLine] = {}
        self.generation = 0
        self.orders: dict[str, tuple[CartLine, ...]] = {}
        """What each checkout took out."""
        self.back: set[str] = set()
        self.merged_away = False

    def line(self, shop_id: str, sku: str, quantity: int, currency: str) -> CartLine:
        self.made += 1
        return cart_line(f"lin_{self.made}", sku, quantity, shop_id, Money(1999, currency))

    def fits(self, line: CartLine) -> bool:
        one_currency = all(own.unit_price.currency == line.unit_price.currency for own in self.lines.values())
        return one_currency and ((line.shop_id, line.sku) in self.lines or len(self.lines) < LINES_MAX)

    def put(self, line: CartLine) -> None:
        own = self.lines.get((line.shop_id, line.sku))
        kept = own or line
        total = min(line.quantity + (own.quantity if own else 0), QUANTITY_MAX)
        self.lines[line.shop_id, line.sku] = cart_line(kept.item_id, kept.sku, total, kept.shop_id, kept.unit_price)

    def come_in(self, lines: tuple[CartLine, ...]) -> None:
        """Whatever fits; the first line says in which currency an empty cart will be."""
        currency = lines[0].unit_price.currency
        for line in lines:
            if self.fits(line) and (self.lines or line.unit_price.currency == currency):
                self.put(line)

    @rule(shop_id=shops, sku=skus, quantity=quantities, currency=currencies)
    def add(self, shop_id: str, sku: str, quantity: int, currency: str) -> None:
        line = self.line(shop_id, sku, quantity, currency)
        own = self.lines.get((shop_id, sku))
        # More of what is there already is added each time: nobody keeps a list of additions.
        decided = self.ask(cart.AddItem(ID, line, self.now, "usr_1"), once=own is None)
        if not 1 <= quantity <= QUANTITY_MAX:
            assert isinstance(decided, Invalid)
        elif self.merged_away:
            assert isinstance(decided, IllegalTransition)
        elif (own.quantity + quantity > QUANTITY_MAX) if own else not self.fits(line):
            assert isinstance(decided, Invalid)
        else:
            assert isinstance(decided, list)
            assert decided
            self.put(line)

    @rule(many=st.sampled_from((LINES_MAX - 3, LINES_MAX)))
    def fill(self, many: int) -> None:
        for number in range(many):
            line = self.line("shp_c", f"sku_{number}", 1, "USD")
            decided = self.ask(cart.AddItem(ID, line, self.now, "usr_1"), once=False)
            if isinstance(decided, list):
                self.put(line)
            else:
                assert isinstance(decided, LimitExceeded | Invalid | IllegalTransition)

    @precondition(lambda self: self.lines)
    @rule(index=st.integers(0, 9), quantity=quantities)
    def change(self, index: int, quantity: int) -> None:
        key = list(self.lines)[index % len(self.lines)]
        line = self.lines[key]
        decided = self.ask(cart.ChangeQuantity(ID, line.item_id, quantity))
        assert isinstance(decided, DomainError) == (not 1 <= quantity <= QUANTITY_MAX)
        if isinstance(decided, list):
            self.lines[key] = cart_line(line.item_id, line.sku, quantity, line.shop_id, line.unit_price)

    @precondition(lambda self: self.lines)
    @rule(index=st.integers(0, 9))
    def remove(self, index: int) -> None:
        line = self.lines.pop(list(self.lines)[index % len(self.lines)])
        assert self.ask(cart.RemoveItem(ID, line.item_id)) == [cart.ItemRemoved(line.item_id)]

    @rule()
    def address_what_is_not_there(self) -> None:
        for command in (cart.RemoveItem(ID, "lin_x"), cart.ChangeQuantity(ID, "lin_x", 1)):
            assert isinstance(self.ask(command), IllegalTransition if self.merged_away else NotFound)

    @rule(
        source=st.integers(1, 9),
        goods=st.lists(st.tuples(shops, skus, currencies), max_size=4, unique_by=lambda g: g[:2]),
    )
    def merge_a_guests(self, source: int, goods: Any) -> None:
        name = f"crt_guest{source}"
        known = isinstance(self.state, OpenCart) and name in self.state.merged
        lines = tuple(self.line(shop_id, sku, 2, currency) for shop_id, sku, currency in goods)
        decided = self.ask(cart.MergeCart(ID, "usr_1", name, lines, self.now))
        if self.merged_away:
            assert isinstance(decided, IllegalTransition)
        elif known or not lines:
            assert decided == []
        else:
            self.come_in(lines)

    @precondition(lambda self: isinstance(self.state, OpenCart))
    @rule(rarely=st.integers(0, 9))
    def merge_away(self, rarely: int) -> None:
        if rarely == 0:
            held = (self.state.lines, self.state.coupons)
            assert self.ask(cart.CloseMergedCart(ID, "crt_2")) == [cart.CartMergedInto("crt_2", *held)]
            assert (self.state.lines, self.state.coupons) == held, "the other cart is to have them"
            self.merged_away, self.lines = True, {}

    @precondition(lambda self: self.lines)
    @rule(all_of_it=st.booleans(), since=st.lists(st.integers(-2, 2), max_size=3))
    def check_out(self, all_of_it: bool, since: list[int]) -> None:
        """``since``: what was added to the first lines, or taken out, after they had been ordered."""
        order_id = order_id_of(ID, self.state)
        assert order_id not in self.orders, "one order per generation"
        lines = tuple(self.lines.values())[: None if all_of_it else 1]
        ordered = {line.item_id: line.quantity for line in lines}
        for line, added in zip(lines, since, strict=False):
            ordered[line.item_id] = max(1, line.quantity - added)
        self.now += 1
        decided = self.ask(cart.CheckOutCart(ID, order_id, {**ordered, "lin_removed": 1}, self.now))
        taken = {line.item_id: min(line.quantity, ordered[line.item_id]) for line in lines}
        assert decided == [cart.CartCheckedOut(order_id, tuple(taken), self.now, taken)]
        self.orders[order_id] = tuple(replace(line, quantity=taken[line.item_id]) for line in lines)
        self.generation += 1
        left = {key: line.quantity - taken.get(line.item_id, 0) for key, line in self.lines.items()}
        self.lines = {key: replace(line, quantity=left[key]) for key, line in self.lines.items() if left[key]}

    @precondition(lambda self: self.orders)
    @rule(index=st.integers(0, 9))
    def check_out_what_was_checked_out(self, index: int) -> None:
        order_id = list(self.orders)[index % len(self.orders)]
        assert self.ask(cart.CheckOutCart(ID, order_id, {"lin_1": 1}, self.now)) == []

    @precondition(lambda self: self.orders)
    @rule(index=st.integers(0, 9))
    def reopen(self, index: int) -> None:
        order_id = list(self.orders)[index % len(self.orders)]
        lines = self.orders[order_id]
        decided = self.ask(cart.ReopenCart(ID, order_id, lines))
        if order_id in self.back:
            assert decided == []
        elif self.merged_away:
            assert decided == [cart.CartReopened(order_id, (), "crt_2")]
        else:
            self.come_in(lines)
        self.back.add(order_id)

    @invariant()
    def agrees_with_the_model(self) -> None:
        match self.state:
            case OpenCart(lines=lines, generation=generation):
                assert {(line.shop_id, line.sku): line for line in lines} == self.lines
                assert len(lines) == len(self.lines) <= LINES_MAX
                assert len({line.unit_price.currency for line in lines}) <= 1
                assert generation == self.generation
            case MergedCart():
                assert self.merged_away
            case NoCart():
                assert not self.lines


TestCart = CartMachine.TestCase
TestCart.settings = settings(max_examples=60, stateful_step_count=40)
