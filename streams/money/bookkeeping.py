"""Bookkeeping: posts a transaction in the journal for each event that moved money, in the log's order.

It hears of events from the follower and goes back to the log for what it missed, so that every process that keeps
books arrives at the same transactions; the journal leaves out what it has. Nobody waits for it: a sale is posted a
moment later, together with others. A movement that a newer version of Kontor wrote is waited for, with all behind it:
what the journal has passed is never posted. One that is damaged nobody will read, and its amount is not known: it is
passed over, and ``kontor verify`` tells of it.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import structlog

from commands.context import system_context
from commands.engine import Engine
from commands.errors import UnreadableStream, WritePathError
from commands.mapper import recorded_or_unreadable
from commands.outage import Outage
from commands.pausing import pause
from commands.store.port import EventLog, Position
from domain.books.course import Course, Placed
from domain.books.ledger import (
    GIFT_CARDS,
    JOURNAL,
    TRANSACTIONS_MAX,
    Journal,
    Posting,
    PostTransactions,
    SetCommission,
    Transaction,
)
from domain.books.postings import (
    Holding,
    postings_of_capture,
    postings_of_dispute,
    postings_of_issue,
    postings_of_lost_dispute,
    postings_of_refund,
)
from domain.ids import payment_id
from domain.money import Money
from domain.orders import order
from domain.orders.shipment import ShipmentGiven
from domain.payments.giftcard import GiftCardIssued, GiftCardRedeemed, GiftCardRefunded
from domain.payments.payment import DisputeLost, DisputeOpened, DisputeWon, PaymentCaptured, PaymentRefunded
from domain.recorded import Recorded, Unreadable
from domain.stored.codec import TOPICS as TOPICS_OF
from projections.views import Touched
from streams.money.effect import order_of

KINDS: dict[type, str] = {
    PaymentCaptured: "captured",
    PaymentRefunded: "refunded",
    DisputeOpened: "disputed",
    DisputeWon: "dispute_won",
    DisputeLost: "dispute_lost",
    GiftCardIssued: "issued",
    GiftCardRedeemed: "redeemed",
    GiftCardRefunded: "refunded",
    order.OrderGiven: "given",
    order.OrderGivenBack: "given_back",
    ShipmentGiven: "given",
}
"""What a transaction is called, by the event that moved its money, or that would have if it had cost any."""
MOVES = frozenset(KINDS)
TOPICS = tuple(f"{TOPICS_OF[kind].partition('@')[0]}@" for kind in KINDS)
POSTINGS: dict[type, Callable[[Holding, Holding, int, int], tuple[Posting, ...]]] = {
    PaymentCaptured: postings_of_capture,
    PaymentRefunded: postings_of_refund,
    DisputeLost: postings_of_lost_dispute,
    GiftCardRedeemed: partial(postings_of_capture, by=GIFT_CARDS),
    GiftCardRefunded: partial(postings_of_refund, by=GIFT_CARDS),
    order.OrderGiven: postings_of_capture,
    order.OrderGivenBack: postings_of_refund,
    ShipmentGiven: postings_of_capture,
}
"""Of those that change who is to have an order's money."""
PAUSE_S = 0.25
"""What moves within it is posted together."""
REST_S = 0.005
"""Between two events of the journal: a shop that has sold for years before it keeps books goes on selling meanwhile."""
LOOK_S = 1.0
PENDING_MAX = 2_000
PAGE = 1_000

log = structlog.get_logger("bookkeeping")


class Bookkeeping:
    def __init__(self, event_log: EventLog, engine: Engine, commission_ppm: int = 0) -> None:
        """``commission_ppm`` is what the marketplace takes of what is captured from now on."""
        self._log = event_log
        self._engine = engine
        self._commission = commission_ppm
        self._after = 0
        """Everything up to here is posted or pending."""
        self._pending: deque[Recorded] = deque()
        self._newer: Recorded | None = None
        """What moved next, and cannot be read by this version."""
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._closing = asyncio.Event()
        self._outage = Outage(log, "books_wait", "books_go_on")

    @property
    def position(self) -> int:
        """Everything up to here is posted."""
        return self._pending[0].position - 1 if self._pending else self._after

    async def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="bookkeeping")

    async def close(self) -> None:
        """What is not posted by now is posted after the next start."""
        self._closing.set()
        self._wake.set()
        if self._task is not None:
            await self._task

    def applied(self, events: Sequence[Recorded], touched: Touched) -> None:
        """The follower's listener. What does not go on from where we are, or is too much, is read from the log."""
        goes_on = events[0].position <= self._after + 1 <= events[-1].position
        if goes_on and len(self._pending) < PENDING_MAX:
            self._take_in([one for one in events if one.position > self._after and _moves(one)], events[-1].position)
            if self._pending:
                self._wake.set()

    async def _run(self) -> None:
        begun = False
        while not self._closing.is_set():
            try:
                if not begun:
                    await self.begin()
                    begun = True
                await self.post()
                self._outage.ended()
            except WritePathError as error:
                self._outage.met(error)
            except Exception:
                log.exception("bookkeeping_failed")
            await pause(self._wake, LOOK_S)
            self._wake.clear()
            await pause(self._closing, PAUSE_S)

    async def begin(self) -> None:
        """Goes on from where the journal is; what is captured from now on pays today's commission."""
        at = system_context("bookkeeping", self._engine.clock())
        await self._engine.submit(SetCommission(JOURNAL, self._commission, await self._log.head()), at)
        self._after = (await self._journal()).upto
        self._newer = None
        self._pending.clear()  # what was heard before comes again, from the log

    async def _journal(self) -> Journal:
        journal: Journal = await self._engine.state(JOURNAL, keep_absent=True)
        return journal

    async def post(self) -> None:
        """Posts whatever has moved until now. Raises WritePathError; then it is to be called again."""
        while not self._closing.is_set():
            if not self._pending and not await self._read():
                return
            some = [self._pending[i] for i in range(min(len(self._pending), TRANSACTIONS_MAX))]
            if some:
                journal = await self._journal()
                transactions = tuple([await self._transaction(one, journal) for one in some])
                context = system_context("bookkeeping", self._engine.clock())
                await self._engine.submit(PostTransactions(JOURNAL, transactions), context)
            for _ in some:
                self._pending.popleft()
            await asyncio.sleep(REST_S)

    async def _read(self) -> bool:
        """Goes on in the log; whether there was anything."""
        if self._newer is not None:
            await self._pass_by(self._newer)
        after = self._after
        rows = await self._log.read(after, PAGE)
        if not rows or self._after != after:  # heard of meanwhile
            return bool(self._pending)
        moved = [recorded_or_unreadable(row) for row in rows if row.topic.startswith(TOPICS)]
        self._take_in(moved, rows[-1].position)
        return True

    def _take_in(self, moved: Sequence[Recorded], upto: Position) -> None:
        """All that moved until ``upto``, or until one that a newer version wrote."""
        for one in moved:
            if not isinstance(one.event, Unreadable):
                self._pending.append(one)
            elif one.event.unknown:
                self._newer, self._after = one, one.position - 1
                return
            else:
                log.error("movement_damaged", position=one.position, stream=one.stream, reason=one.event.why)
        self._after = upto

    async def _pass_by(self, newer: Recorded) -> None:
        """Raises UnreadableStream as long as no other process, which can read it, has posted it."""
        if (await self._journal()).upto < newer.position:
            why = f"{newer.event.topic} at position {newer.position} is of a newer version; that one will post it"
            raise UnreadableStream(newer.stream, why)
        self._newer, self._after = None, newer.position

    async def _transaction(self, moved: Recorded, journal: Journal) -> Transaction:
        order_id, amount = _order_of(moved), amount_of(moved.event)
        return Transaction(
            cause=moved.event_id,
            position=moved.position,
            kind=KINDS[type(moved.event)],
            order_id=order_id,
            amount=amount.amount,
            currency=amount.currency,
            at=moved.meta.recorded_at,
            postings=await self._postings(moved, order_id, amount, journal),
        )

    async def _postings(self, moved: Recorded, order_id: str, amount: Money, journal: Journal) -> tuple[Posting, ...]:
        event = moved.event
        if isinstance(event, GiftCardIssued):
            return postings_of_issue(amount.amount, event.shop_id)
        if isinstance(event, DisputeOpened | DisputeWon):
            return postings_of_dispute(amount.amount, isinstance(event, DisputeOpened))
        known = await self._order(order_id, amount.currency, moved.position)
        quote = known.placed.quote if known is not None else None
        if quote is not None and amount == quote.totals.grand and await self._is_first(moved):
            before = Course(known)
        else:
            before = await self._before(moved, order_id, known)
        rate = journal.rate_at(before.since or moved.position)
        return POSTINGS[type(event)](before.holding, before.after(event), amount.amount, rate)

    async def _order(self, order_id: str, currency: str, at: int) -> Placed | None:
        """With all that had become of it by then. None for one that cannot be known: its money waits in the account for
        such."""
        try:
            state: order.Order = await self._engine.state_since(order_id, at)
        except UnreadableStream as error:
            log.error("order_unreadable", order=order_id, reason=str(error))
            return None
        if isinstance(state, order.NoOrder) or state.placed.quote.totals.grand.currency != currency:
            return None
        return state

    async def _is_first(self, moved: Recorded) -> bool:
        """Whether nothing of the order's money has moved before all of it is taken. A bank may be heard of earlier than
        of the capture; of whatever else comes first the log knows."""
        if not isinstance(moved.event, PaymentCaptured) or moved.event.part:
            return isinstance(moved.event, GiftCardRedeemed | order.OrderGiven)
        try:
            return not getattr(await self._engine.state_since(moved.stream, moved.position), "disputes", None)
        except UnreadableStream:
            return False

    async def _before(self, moved: Recorded, order_id: str, known: Placed | None) -> Course:
        """What had become of the order's money before: of its payment's, of its part on a gift card, and of what cost
        nothing."""
        streams = {payment_id(order_id), moved.stream, order_id}
        if known is not None and known.placed.gift_card is not None:
            streams.add(known.placed.gift_card.gift_card_id)
        rows = [row for stream in streams for row in await self._log.read_stream(stream)]
        course = Course(known)
        for row in sorted(rows):
            if row.position < moved.position and row.topic.startswith(TOPICS):
                one = recorded_or_unreadable(row)
                if _order_of(one) == order_id:
                    course.take_in(one)
        return course


def _moves(one: Recorded) -> bool:
    event = one.event
    return type(event) in MOVES or (isinstance(event, Unreadable) and event.topic.startswith(TOPICS))


def amount_of(event: Any) -> Money:
    """How much moved by an event of ``KINDS``."""
    amount: Money = event.value if isinstance(event, GiftCardIssued) else event.amount
    return amount


def _order_of(moved: Recorded) -> str:
    """Whose money it is."""
    if moved.stream.startswith("pay_"):
        return order_of(moved.stream)
    if moved.stream.startswith("ord_"):
        return moved.stream
    return str(getattr(moved.event, "order_id", ""))
