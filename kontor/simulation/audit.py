"""What must be true of the log after every commit. It reads what is written, and counts for itself.

Rules of a stream are those of ``kontor verify``, applied to each event as it lands. Oversold stock is counted here once
more from the bare fields of its holds, so that a mistake in the item's own arithmetic does not excuse itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from commands.mapper import recorded
from commands.routes import decider_of
from commands.store.port import Reply, Row
from domain.buyers.account import AccountRegistered
from domain.checkout import saga
from domain.checkout.saga import Checkout
from domain.inventory.inventory import InventoryItem
from domain.money import Money
from domain.orders.order import OrderPlaced, RefundGranted
from domain.payments.giftcard import GiftCardRedeemed
from domain.payments.payment import PaymentCaptured
from domain.recorded import Recorded, chain_hash
from kontor.proving.balance import LedgerCheck, Posted
from kontor.proving.cardcheck import GiftCardCheck
from kontor.proving.invariants import Check, OrderCheck, PaymentCheck, StockCheck
from kontor.simulation.violation import Verdict


class Stream:
    """Where one stream stands."""

    def __init__(self, name: str, check: Check | None) -> None:
        self.decider = decider_of(name)
        self.check = check
        self.version = 0
        self.hash = b""
        self.state: Any = self.decider.initial


class Audit:
    def __init__(self, verdict: Verdict, tell: Callable[[str], None]) -> None:
        self.position = 0
        self.orders: list[str] = []
        self.profiles: dict[str, bytes] = {}
        """What is sealed of each account that was ever registered."""
        self.checkouts: dict[str, Checkout] = {}
        self.streams: dict[str, Stream] = {}
        self.replies: dict[str, Reply] = {}
        self.listeners: list[Callable[[Recorded], None]] = []
        """Told of each event once it is folded in."""
        self._verdict = verdict
        self._tell = tell
        self._stock: list[str] = []
        self._generations: set[int] = set()
        self._posted = Posted()
        self._backorders: dict[str, tuple[str, ...]] = {}
        self._granted: dict[tuple[str, str], RefundGranted] = {}
        self._redeemed: dict[tuple[str, str], Money] = {}
        self._captured: dict[str, Money] = {}

    def committed(self, rows: Sequence[Row], replies: Sequence[Reply]) -> None:
        """A transaction has been written. Raises Violation."""
        for row in rows:
            self._event(row)
        for reply in replies:
            before = self.replies.setdefault(reply.key, reply)
            if before.body != reply.body:
                self._verdict.fail(f"the stored answer of {reply.key} was {before.body!r} and is {reply.body!r}")
        if rows:
            self._tell(f"commit {rows[0].position}..{rows[-1].position}: {', '.join(row.topic for row in rows)}")

    def _event(self, row: Row) -> None:
        self.position += 1
        if row.position != self.position:
            self._fail(row, f"position {row.position} where {self.position} comes next")
        stream = self.streams.get(row.stream)
        if stream is None:
            stream = self.streams[row.stream] = Stream(row.stream, self._check_for(row.stream))
        if row.version != stream.version + 1:
            self._fail(row, f"version {row.version} where {stream.version + 1} comes next")
        if chain_hash(row.stream, row.version, row.topic, row.meta, row.data) != row.hash:
            self._fail(row, "its bytes are not those its hash was made of")
        event = recorded(row)
        if event.meta.prev != stream.hash:
            self._fail(row, "its predecessor's hash is another")
        self._remember(event)
        before = stream.state
        stream.state = stream.decider.evolve(before, event.event)
        stream.version, stream.hash = row.version, row.hash
        wrong = stream.check(row.position, event.event, event.meta, before, stream.state) if stream.check else None
        if wrong is None and isinstance(stream.state, InventoryItem):
            wrong = oversold(event, before, stream.state, self._backorders)
        if wrong is not None:
            self._fail(row, wrong)
        for heard in self.listeners:
            heard(event)

    def _fail(self, row: Row, what: str) -> None:
        self._verdict.fail(f"position {row.position}, {row.stream} ({row.topic}): {what}")

    def _check_for(self, name: str) -> Check | None:
        match name[:3]:
            case "stk":
                self._stock.append(name)
                return StockCheck(name, self)
            case "pay":
                return PaymentCheck(name, self)
            case "led":
                return LedgerCheck(self._posted)
            case "ord":
                return OrderCheck(name, self._generations, self)
            case "gft":
                return GiftCardCheck(name, self)
        return None

    def _remember(self, event: Recorded) -> None:
        match event.event:
            case OrderPlaced(backorder=backorder):
                self.orders.append(event.stream)
                self._backorders[event.stream] = backorder
            case AccountRegistered(profile=profile):
                self.profiles[event.stream] = profile
            case RefundGranted(refund_id=refund_id) as granted:
                self._granted[event.stream, refund_id] = granted
            case GiftCardRedeemed(order_id=order_id, amount=amount):
                self._redeemed[event.stream, order_id] = amount
            case PaymentCaptured(amount=amount):
                self._captured[event.stream] = self._captured.get(event.stream, amount.multiply(0)).add(amount)
        order_id = event.meta.correlation
        if order_id.startswith("ord_"):
            state = saga.evolve(self.checkouts.get(order_id), event)
            if state is not None:
                self.checkouts[order_id] = state

    def held(self) -> Iterator[tuple[str, int]]:
        """Items of which something is set aside, and how many units."""
        for name in self._stock:
            if (units := self.streams[name].state.held) > 0:
                yield name, units

    # what other streams say; the walk is in the log's order, so what is known came before

    def may_oversell(self, stock_id: str, hold_id: str) -> bool:
        return stock_id in self._backorders.get(hold_id, ())

    def granted(self, order_id: str, refund_id: str, before: int) -> Money | None:
        granted = self._granted.get((order_id, refund_id))
        return None if granted is None else granted.to_method

    def granted_to_card(self, order_id: str, refund_id: str, before: int) -> Money | None:
        granted = self._granted.get((order_id, refund_id))
        return None if granted is None else granted.gift_card

    def redeemed(self, gift_card_id: str, order_id: str, before: int) -> Money | None:
        return self._redeemed.get((gift_card_id, order_id))

    def captured(self, payment_id: str, before: int) -> Money | None:
        return self._captured.get(payment_id)


def oversold(
    event: Recorded, before: InventoryItem, after: InventoryItem, backorders: dict[str, tuple[str, ...]]
) -> str | None:
    """Whether more is promised than there is, by units sold and holds alive when the event was recorded."""
    now = max(event.meta.occurred_at, event.meta.recorded_at, after.as_of)

    def missing(item: InventoryItem) -> int:
        alive = sum(hold.quantity for hold in item.holds.values() if hold.expires_at > now)
        return item.committed + alive - item.on_hand

    if missing(after) <= max(0, missing(before)):
        return None
    hold_id = getattr(event.event, "hold_id", "")
    if event.stream in backorders.get(hold_id, ()):
        return None
    return f"oversold by {missing(after)}: {after.committed} sold, {after.on_hand} on hand, holds {after.holds}"
