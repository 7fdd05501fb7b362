"""What must be true of every history of checkouts: at any moment, and once everything has settled."""

from __future__ import annotations

from collections import Counter, defaultdict

from domain.buyers import cart
from domain.buyers.cart import OpenCart, order_id_of
from domain.checkout.saga import is_settled
from domain.ids import payment_id
from domain.inventory import inventory
from domain.orders import order, refund
from domain.orders.order import CancelledOrder, NoOrder, OpenOrder, OrderPlaced, PaidOrder
from domain.orders.orderstate import to_send
from domain.orders.policy import PARCEL
from domain.payments import payment
from domain.payments.giftcard import GiftCard, Use
from domain.pricing.pieces import pieces_of
from domain.recorded import Recorded
from tests.domain.machines.books import Books
from tests.domain.machines.entries import Entries
from tests.domain.machines.market import BY_STOCK, CARDS
from tests.domain.machines.patience import Patience
from tests.domain.machines.provider import Provider
from tests.domain.machines.world import World

BY_LINE = {(terms.shop_id, terms.sku): stock for stock, terms in BY_STOCK.items()}


class Audit:
    """Reads the log beside everybody else, and counts for itself."""

    def __init__(self, world: World, provider: Provider) -> None:
        self.world = world
        self.provider = provider
        self.read = 0
        self.orders: dict[str, OrderPlaced] = {}
        self.sold: Counter[tuple[str, str]] = Counter()
        """Units by stock and order."""
        self.closed: Counter[str] = Counter()
        self.put_back: Counter[str] = Counter()
        """How often an order's lines left its cart, and came back."""
        self.taken_out: dict[str, dict[str, int]] = {}
        """Units that left it, by line."""
        self.returned: dict[str, dict[str, int]] = {}
        self.books = Books(self.orders)
        self.patience = Patience(self.orders)
        self.entries = Entries()
        self.generations: defaultdict[tuple[str, int], set[str]] = defaultdict(set)

    def now(self) -> None:
        for recorded in self.world.log[self.read :]:
            self._count(recorded)
            self.books.count(recorded)
            self.patience.count(recorded)
            self.entries.count(recorded)
        self.read = len(self.world.log)
        self._no_unit_is_sold_twice()
        self._nobody_exceeds_a_limit()
        self._money_is_where_the_orders_say()
        self._no_card_pays_what_it_has_not()
        for generation, orders in self.generations.items():
            assert len(orders) == 1, f"{generation} made {orders}"
        for order_id in self.closed:
            assert self.closed[order_id] == 1, f"{order_id} closed its cart {self.closed[order_id]} times"
            assert self.put_back[order_id] <= 1, f"{order_id} came back {self.put_back[order_id]} times"
            self._only_what_was_ordered_leaves_the_cart(order_id)

    def settled(self) -> None:
        """Everybody has answered and enough time has passed."""
        self.books.settled()
        for order_id, placed in self.orders.items():
            row = self.world.rows[order_id]
            assert is_settled(row), row
            state = self.world.state(order_id)
            if isinstance(state, PaidOrder):
                self._paid(order_id, placed, state)
            else:
                assert isinstance(state, CancelledOrder), state
                self._cancelled(order_id, state)
            kept = self.provider.kept(payment_id(order_id)) + self._card_of(placed, order_id).left
            self.entries.settled(order_id, state, kept)
        for stock_id in BY_STOCK:
            item = self.world.state(stock_id)
            bought = sum(units for (of, _), units in self.sold.items() if of == stock_id)
            bought -= self.books.sent[stock_id]
            assert item.committed == bought, f"{item.committed} of {stock_id} committed, {bought} bought"
        for cart_id in self.world.streams("crt_"):
            state = self.world.state(cart_id)
            if isinstance(state, OpenCart):
                upcoming = self.world.state(order_id_of(cart_id, state))
                assert isinstance(upcoming, NoOrder), f"{cart_id} can never be checked out again"

    def _count(self, recorded: Recorded) -> None:
        match recorded.event:
            case OrderPlaced() as placed:
                self.orders[recorded.stream] = placed
                self.generations[placed.cart_id, placed.generation].add(recorded.stream)
            case inventory.StockCommitted(hold_id=order_id, quantity=units):
                self.sold[recorded.stream, order_id] += units
            case inventory.StockUncommitted(hold_id=order_id, quantity=units):
                self.sold[recorded.stream, order_id] -= units
            case cart.CartCheckedOut(order_id=order_id, item_ids=item_ids, taken=taken):
                assert tuple(taken) == item_ids
                self.closed[order_id] += 1
                self.taken_out[order_id] = taken
            case cart.CartReopened(order_id=order_id, lines=lines, merged_into=""):
                self.put_back[order_id] += 1
                self.returned[order_id] = {line.item_id: line.quantity for line in lines}
            case cart.CartMerged(source=source, lines=lines) if source.startswith("ord_"):
                self.put_back[source] += 1
                self.returned[source] = {line.item_id: line.quantity for line in lines}

    # at any moment

    def _only_what_was_ordered_leaves_the_cart(self, order_id: str) -> None:
        taken = self.taken_out[order_id]
        ordered = {line.line_id: line.quantity for line in self.orders[order_id].quote.lines}
        assert all(0 < units <= ordered[item_id] for item_id, units in taken.items()), (ordered, taken)
        assert self.returned.get(order_id, taken) == taken, f"{order_id} took {taken}, gave {self.returned[order_id]}"

    def _no_unit_is_sold_twice(self) -> None:
        for stock_id, terms in BY_STOCK.items():
            item = self.world.state(stock_id)
            assert item.on_hand >= 0, item
            assert item.committed >= 0, item
            if not terms.backorder:
                assert item.available(self.world.now) >= 0, f"{stock_id} oversold: {item}"

    def _nobody_exceeds_a_limit(self) -> None:
        units: Counter[tuple[str, str]] = Counter()
        for (stock_id, order_id), sold in self.sold.items():
            assert 0 <= sold <= _ordered(self.orders[order_id], stock_id), f"{sold} of {stock_id} sold to {order_id}"
            units[stock_id, self.orders[order_id].account_id] += sold
        for (stock_id, account_id), bought in units.items():
            limit = BY_STOCK[stock_id].limit
            assert limit is None or bought <= limit, f"{account_id} has {bought} of {stock_id}"

    def _money_is_where_the_orders_say(self) -> None:
        for order_id, placed in self.orders.items():
            paid_id = payment_id(order_id)
            charged = self.provider.kept(paid_id)
            charges = len(self.provider.charges.get(paid_id, ()))
            assert charges <= bool(placed.due.amount), f"{order_id} was charged {charges} times for {placed.due}"
            assert charged <= placed.due.amount
            kept = charged + self._card_of(placed, order_id).left
            if isinstance(self.world.state(order_id), PaidOrder):
                most = placed.quote.totals.grand.amount
                least = self._paid_for(order_id) - self.books.owed[order_id] - self.provider.withheld(paid_id)
                assert least <= kept <= most, f"{order_id} is paid, kept {kept}"
            if isinstance(self.world.state(order_id), OpenOrder) and charged:
                assert self.world.state(paid_id).status in ("capturing", "partially_captured", "captured")

    def _paid_for(self, order_id: str) -> int:
        """What a paid order came to: all of it, or its parcels."""
        return self.books.paid_for(order_id)

    def _card_of(self, placed: OrderPlaced, order_id: str) -> Use:
        """What the order has to do with its gift card; nothing, if it has none."""
        covered = placed.gift_card
        none = Use(0, "released")
        return none if covered is None else self.world.state(covered.gift_card_id).uses.get(order_id, none)

    def _no_card_pays_what_it_has_not(self) -> None:
        for gift_card_id, value in CARDS.items():
            card = self.world.state(gift_card_id)
            if isinstance(card, GiftCard):
                spent = sum(use.left for use in card.uses.values())
                assert card.balance >= 0, card
                assert card.balance + card.reserved + spent == value, card

    # in the end

    def _paid(self, order_id: str, placed: OrderPlaced, state: PaidOrder) -> None:
        for line in placed.quote.lines:
            stock = BY_LINE[line.shop_id, line.sku]
            assert self.sold[stock, order_id] == line.quantity - self.books.cut[order_id][line.line_id]
        grand = self._paid_for(order_id)
        assert not self.provider.set_aside(payment_id(order_id)), f"{order_id} is over, money is still set aside"
        use = self._card_of(placed, order_id)
        assert use.status != "reserved", f"{order_id} is paid, its gift card still waits"
        paid_id = payment_id(order_id)
        kept, lost = self.provider.kept(paid_id) + use.left, self.provider.withheld(paid_id)
        paid = self.world.state(paid_id)
        asked = paid.refunds if isinstance(paid, payment.Payment) else {}
        back = {key: one.amount.amount for key, one in asked.items() if one.status == "refunded"}
        refused = sum(one.to_method.amount - back.get(key, 0) for key, one in state.refunds.items())
        owed = self.books.owed[order_id] - refused
        assert kept == grand - owed - lost, f"{kept} of {grand} kept, {owed} owed back, {lost} lost"
        assert lost or not refused, "refused, and nobody lost a dispute"
        assert (order.status(state) == "REFUNDED") == (kept == 0 < grand and not lost)
        assert not (state.refunded and any(to_send(state).values())), f"{order_id} is REFUNDED, units wait to be sent"
        self._nobody_pays_for_a_parcel_that_is_not_made(state)
        assert self.closed[order_id] == 1
        assert self.put_back[order_id] == 0

    def _nobody_pays_for_a_parcel_that_is_not_made(self, state: PaidOrder) -> None:
        quote, granted = state.placed.quote, state.refunds.values()
        if state.placed.capture == PARCEL or not refund.left(quote, granted).amount:
            return
        sends = {one.shop_id for one in state.shipments.values()}
        sends |= {line.shop_id for line in quote.lines if to_send(state)[line.line_id]}
        paid = {piece.shop_id for piece in pieces_of(quote) if piece.what == "shipping" and piece.paid}
        assert paid <= sends.union(*(one.shipping for one in granted)), f"{paid} for shipping, {sends} send"

    def _cancelled(self, order_id: str, state: CancelledOrder) -> None:
        for stock_id, _ in order.stock_lines(state.placed.quote):
            item = self.world.state(stock_id)
            assert self.sold[stock_id, order_id] == 0, f"{order_id} is cancelled, {stock_id} still sold"
            assert order_id not in item.holds, f"{order_id} is cancelled, {stock_id} still held"
        paid_id = payment_id(order_id)
        paid = self.world.state(paid_id)
        assert self.provider.kept(paid_id) == 0, f"{order_id} is cancelled, its money kept"
        use = self._card_of(state.placed, order_id)
        assert (use.status != "reserved", use.left) == (True, 0), f"{order_id} is cancelled, its gift card is not"
        assert not self.provider.set_aside(paid_id), f"{order_id} is cancelled, its money still set aside"
        if isinstance(paid, payment.Payment):
            lost = self.provider.withheld(paid_id)
            assert lost or paid.status in ("declined", "voided", "refunded"), paid
        failed = state.reason not in ("cancelled", "rejected")  # who calls an order off does not want its lines back
        assert self.put_back[order_id] == (failed and bool(self.taken_out[order_id])), f"{order_id}: {state.reason}"


def _ordered(placed: OrderPlaced, stock_id: str) -> int:
    return dict(order.stock_lines(placed.quote))[stock_id]
