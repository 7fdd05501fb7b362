"""What must be true once nothing goes wrong any more and everything has come to rest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import groupby
from typing import Any

from commands.mapper import recorded
from commands.store.memory import MemoryLog
from domain.inventory.inventory import InventoryItem
from domain.orders.order import Order, PaidOrder
from domain.orders.orderstate import to_send
from domain.orders.owed import is_everything
from domain.payments.giftcard import GiftCard
from domain.pricing.promotion import uses_of
from domain.recorded import Recorded
from kontor.proving.comparing import Store, compare
from kontor.proving.evidence import Evidence
from kontor.proving.verifying import examine
from kontor.proving.verifying_views import InAFile
from kontor.simulation.audit import Audit
from kontor.simulation.door import Journal
from kontor.simulation.goods import PROMOTIONS
from kontor.simulation.process import Process
from kontor.simulation.violation import Verdict
from projections.checkouts.projector import CHECKOUT_ROWS, CHECKOUTS, CheckoutRow, fold, order_of


class MemoryEvidence:
    """The log in memory, as its examiner sees it; with ``upto``, as it was when it ended there."""

    def __init__(self, log: MemoryLog, upto: int | None = None) -> None:
        self._log = log
        self._rows = log.rows if upto is None else log.rows[:upto]

    def extent(self) -> tuple[int, int, int]:
        rows = self._rows
        return (len(rows), rows[0].position, rows[-1].position) if rows else (0, 1, 0)

    def positions(self) -> Iterator[int]:
        return (row.position for row in self._rows)

    def events(self) -> Iterator[list[tuple[Any, ...]]]:
        in_order = sorted(self._rows, key=lambda row: (row.stream, row.version, row.position))
        for _, rows in groupby(in_order, lambda row: row.stream):
            yield list(rows)

    def rows(self, after: int, limit: int) -> list[tuple[Any, ...]]:
        return list(self._rows[after : after + limit])

    def replies(self) -> Iterator[tuple[Any, ...]]:
        return iter(self._log.stored_replies.values())

    def snapshots(self) -> Iterator[tuple[Any, ...]]:
        return iter([self._log.snapshots[stream] for stream in sorted(self._log.snapshots)])

    def stream(self, name: str, before: int) -> list[tuple[str, bytes]]:
        return [(row.topic, row.data) for row in self._log.streams[name] if row.position < before]

    def history(self, name: str, after: int, limit: int) -> list[tuple[Any, ...]]:
        return list(self._log.streams[name][after : after + limit])


def log_is_sound(log: MemoryLog, verdict: Verdict) -> None:
    """By the examiner of ``kontor verify``, the ledger and the snapshots included."""
    opened: Evidence = MemoryEvidence(log)
    report = examine(opened)
    for problem in report.problems[:1]:
        verdict.fail(f"position {problem.position}, {problem.stream}: {problem.what}")


def every_answer_is_in_the_log_once(journal: Journal, audit: Audit, log: MemoryLog, verdict: Verdict) -> None:
    """What was told stands where it was told to stand; of all attempts at one request at most one did anything."""
    made: Counter[str] = Counter()
    where: dict[int, str] = {}
    for row in log.rows:
        command_id = recorded(row).meta.command_id
        where[row.position] = command_id
        made[command_id] += 1
    for key, command_ids in journal.tried.items():
        acted = [command_id for command_id in command_ids if made[command_id]]
        if len(acted) > 1:
            verdict.fail(f"the request {key} was carried out {len(acted)} times, as {acted}")
    for key, told in journal.told.items():
        lost = [position for position in told.positions if where.get(position) != told.command_id]
        if lost:
            verdict.fail(f"{key} was acknowledged, and its event at position {lost[0]} is not in the log")
        if made[told.command_id] != len(told.positions):
            verdict.fail(f"{key} was told of {len(told.positions)} events and made {made[told.command_id]}")
    for key, body in journal.answers.items():
        stored = audit.replies.get(key)
        if stored is None or stored.body != body:
            verdict.fail(f"{key} was answered {body!r}, and stored is {stored and stored.body!r}")


def nothing_is_set_aside(audit: Audit, verdict: Verdict) -> None:
    """Each hold has ended, by an order or by its time: carts that were left, and orders that came to nothing."""
    for name, stream in audit.streams.items():
        item = stream.state
        if isinstance(item, InventoryItem) and item.holds:
            verdict.fail(f"{sorted(item.holds)} still hold {name}, whose time is over")


def promotions_are_used_as_often_as_counted(audit: Audit, verdict: Verdict) -> None:
    """By orders of which something is, or is to be, sent; and no more of them than there were to be."""
    used: Counter[str] = Counter()
    by_account: Counter[tuple[str, str]] = Counter()
    for order_id in audit.orders:
        state = audit.streams[order_id].state
        for one in state.placed.quote.promotions if _is_sent(state) else ():
            used[one.promotion_id] += 1
            by_account[one.promotion_id, state.placed.account_id] += 1
    for promotion_id, terms in PROMOTIONS.items():
        stream = audit.streams.get(uses_of(promotion_id))
        counted = stream.state.committed if stream is not None else 0
        if counted != used[promotion_id]:
            verdict.fail(f"{promotion_id} is used by {used[promotion_id]} orders, and {counted} are counted")
        if terms.limit is not None and counted > terms.limit:
            verdict.fail(f"{promotion_id} is used {counted} times, and {terms.limit} were to be")
    for (promotion_id, account_id), times in by_account.items():
        limit = PROMOTIONS[promotion_id].limit_per_account
        if limit is not None and times > limit:
            verdict.fail(f"{account_id} has used {promotion_id} {times} times")


def _is_sent(state: Order) -> bool:
    if not isinstance(state, PaidOrder):
        return False
    quote = state.placed.quote
    return not any(is_everything(quote, one.units) for one in state.cancellations.values())


def nobody_packs_what_is_paid_back(audit: Audit, verdict: Verdict) -> None:
    """Of an order whose money has all gone back nothing is kept for its buyer."""
    for order_id in audit.orders:
        state = audit.streams[order_id].state
        if isinstance(state, PaidOrder) and state.refunded and any(to_send(state).values()):
            verdict.fail(f"{order_id} is REFUNDED, and {to_send(state)} still wait to be packed")


def no_gift_card_waits(audit: Audit, verdict: Verdict) -> None:
    """What orders had set aside on a card is spent, or on it again."""
    for name, stream in audit.streams.items():
        card = stream.state
        if isinstance(card, GiftCard) and card.reserved:
            verdict.fail(f"{card.reserved} of {name} is set aside for orders that are done")


async def views_are_the_fold_of_the_log(process: Process, log: MemoryLog, verdict: Verdict, upto: int) -> None:
    """Up to a position, at which they have to stand: each row, list and count; those of checkouts, which are folded
    from several streams, in the log's order."""
    views = process.views
    elsewhere = {name: at for name, at in views.positions().items() if at != upto}
    if elsewhere:
        verdict.fail(f"the views of {process.name} stand at {elsewhere} and should be at {upto}")
    one_stream = [projection for projection in process.projections if projection is not CHECKOUTS]
    found = await compare(lambda: MemoryEvidence(log, upto), [Store(process.name, InAFile(views), one_stream, 1)])
    for compared in found:
        if compared.different:
            verdict.fail(f"the views of {process.name} at {upto}, {compared.what}: {compared.differences[0]}")
    checkouts: dict[str, CheckoutRow] = {}
    for row in log.rows[:upto]:
        event: Recorded = recorded(row)
        for key in order_of(event) if type(event.event) in CHECKOUT_ROWS.folds else ():
            folded = fold(checkouts.get(key), event)
            if folded is not None:
                checkouts[key] = folded
    stored = {key: kept.row for key, kept in views.walk(CHECKOUT_ROWS.name)}
    if stored != checkouts:
        wrong = sorted(key for key in stored.keys() | checkouts.keys() if stored.get(key) != checkouts.get(key))
        verdict.fail(f"the views of {process.name} at {upto}, checkouts: {wrong[0]} is not what the log adds up to")
