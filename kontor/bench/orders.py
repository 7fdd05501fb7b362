"""Lives of orders as the log would hold them: placed, held, authorized, confirmed, captured and paid, interleaved; and
what they moved in the ledger.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from commands.mapper import record
from commands.store.port import Row
from domain.books import ledger
from domain.books.postings import NOTHING, held, postings_of_capture
from domain.decider import Event
from domain.ids import derived_id, payment_id, stock_id
from domain.inventory import inventory
from domain.money import Money
from domain.orders import order
from domain.payments import payment
from domain.pricing.pricing import Destination, Quote, QuoteLine, price_quote
from domain.recorded import Meta, Recorded
from kontor.tables import shipping_table, tax_table

SHOPS, SKUS, ACCOUNTS = 10, 500, 100
EVENTS_AN_ORDER = 11
UNDER_WAY = 20
"""Orders whose events come mixed."""
BEGIN = 1_735_689_600_000
"""2025-01-01 (ms)."""
EVERY_MS = 3_600_000


class Writer:
    """Gives events their positions, versions and hashes, stream by stream."""

    def __init__(self) -> None:
        self.position = 0
        self._ends: dict[str, tuple[int, bytes]] = {}

    def write(self, stream: str, event: Event, at: int, correlation: str) -> Recorded:
        return self.store(stream, event, at, correlation)[0]

    def store(self, stream: str, event: Event, at: int, correlation: str) -> tuple[Recorded, Row]:
        version, prev = self._ends.get(stream, (0, b""))
        self.position += 1
        meta = Meta(at, at, "usr_bench", f"cmd_{self.position}", correlation, "", "", prev)
        written, row = record(self.position, stream, version + 1, event, meta)
        self._ends[stream] = (version + 1, written.hash)
        return written, row

    def forget(self, stream: str) -> None:
        """Nothing more will be written to it."""
        del self._ends[stream]


def account(number: int) -> str:
    return derived_id("account", 0, str(number % ACCOUNTS))


def lives(orders: int, every_ms: int = EVERY_MS) -> Iterator[Recorded]:
    """Of orders of two lines. The accounts take turns, an order every so many milliseconds."""
    return (written for written, _ in stored_lives(orders, every_ms))


def stored_lives(orders: int, every_ms: int = EVERY_MS, *, booked: bool = False) -> Iterator[tuple[Recorded, Row]]:
    """The same, however many, with their rows in the log. ``booked``: the journal stands there as well, an event for
    every twenty of them."""
    writer, quotes = Writer(), [_quote(number) for number in range(SKUS)]
    postings = [postings_of_capture(NOTHING, held(quote, paid), paid, 0) for quote, paid in _priced(quotes)]
    for start in range(0, orders, UNDER_WAY):
        numbers = range(start, min(start + UNDER_WAY, orders))
        group = [_life(number, BEGIN + number * every_ms, quotes[number % SKUS]) for number in numbers]
        transactions = []
        for step in zip(*group, strict=True):
            for number, (stream, event, at, order_id) in zip(numbers, step, strict=True):
                recorded, row = writer.store(stream, event, at, order_id)
                yield recorded, row
                if booked and isinstance(event, payment.PaymentCaptured):
                    transactions.append(_transaction(recorded, event, order_id, postings[number % SKUS]))
        if transactions:
            posted = ledger.LedgerPosted(tuple(transactions))
            yield writer.store(ledger.JOURNAL, posted, transactions[-1].at, "")
        for life in group:
            for stream in {stream for stream, *_ in life if not stream.startswith("stk_")}:
                writer.forget(stream)


def _priced(quotes: Sequence[Quote]) -> Iterator[tuple[Quote, int]]:
    return ((quote, quote.totals.grand.amount) for quote in quotes)


def _transaction(
    moved: Recorded, event: payment.PaymentCaptured, order_id: str, postings: tuple[ledger.Posting, ...]
) -> ledger.Transaction:
    amount, at = event.amount, moved.meta.recorded_at
    return ledger.Transaction(
        moved.event_id, moved.position, "captured", order_id, amount.amount, amount.currency, at, postings
    )


def _life(number: int, at: int, quote: Quote) -> list[tuple[str, Event, int, str]]:
    order_id = derived_id("order", at, str(number))
    paying, total = payment_id(order_id), quote.totals.grand
    stocks = [stock_id(line.shop_id, line.sku) for line in quote.lines]
    placed = order.OrderPlaced(
        account(number), "crt_bench", number, quote, b"sealed" * 20, "US", "CA", "pm_card_visa", at, at + 600_000
    )
    events: list[tuple[str, Event]] = [
        (order_id, placed),
        *((stock, inventory.StockHeld(order_id, 1, at + 600_000)) for stock in stocks),
        (paying, payment.AuthorizationRequested(order_id, total, "pm_card_visa")),
        (paying, payment.PaymentAuthorized(f"ch_{number}")),
        *((stock, inventory.StockCommitted(order_id, 1)) for stock in stocks),
        (order_id, order.OrderConfirmed()),
        (paying, payment.CaptureRequested(total, f"ch_{number}")),
        (paying, payment.PaymentCaptured(total)),
        (order_id, order.OrderPaid(paying)),
    ]
    return [(stream, event, at, order_id) for stream, event in events]


def _quote(number: int) -> Quote:
    lines = [
        QuoteLine(
            f"lin_{number}_{line}",
            f"shp_{(number + line) % SHOPS}",
            "US",
            f"BENCH-{(number + line) % SKUS:06d}",
            f"prd_{number}",
            f"Bench product {number}",
            1,
            Money(1_999, "USD"),
            ("*",),
        )
        for line in range(2)
    ]
    return price_quote(lines, Destination("US", "CA", "94105"), "standard", tax_table(), shipping_table())
