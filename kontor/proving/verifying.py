"""``kontor verify``: proves the log from its first event to its last.

Streams are walked one after the other rather than events in their order: memory then holds one aggregate, however
long the log, and still every event is folded and every snapshot compared. That positions have no holes follows from
counting. All of it is read in one transaction (``evidence.py``), so a service may go on writing meanwhile.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from heapq import heappush, heappushpop
from pathlib import Path
from typing import Any

import msgspec

from commands.errors import UnusableLog
from commands.routes import DECIDERS
from commands.store.port import Snapshot
from domain.books.ledger import JOURNAL
from domain.decider import Decider
from domain.ids import offer_id
from domain.money import Money
from domain.orders.order import OrderPlaced
from domain.payments.payment import PaymentCaptured
from domain.recorded import chain_hash
from domain.sellers.offer import OfferPut
from domain.stored.codec import decode, decode_meta
from kontor import console
from kontor.folder import DataFolder
from kontor.proving.balance import BookedCheck, LedgerCheck, Posted
from kontor.proving.cardcheck import GiftCardCheck
from kontor.proving.comparing import Compared
from kontor.proving.evidence import Damaged, Evidence, Named, count_of, evidence
from kontor.proving.invariants import Both, Check, OrderCheck, PaymentCheck, StockCheck
from kontor.proving.witnesses import seen_by_others
from kontor.settings import Settings, log_urls

PROBLEMS_MAX = 100
"""Problems that are told; those at the lowest positions."""
CAPTURED, GRANTED, REDEEMED = "payment.captured@", "order.refund_granted@", "giftcard.redeemed@"
NO_POSITION = 2**62


class Problem(msgspec.Struct, frozen=True):
    position: int | None
    """None when no event can be blamed."""
    stream: str
    what: str


@dataclass(slots=True)
class Report:
    events: int = 0
    streams: int = 0
    head: int = 0
    seconds: float = 0.0
    found: int = 0
    """Problems in all."""
    _worst: list[tuple[int, int, Problem]] = field(default_factory=list)
    """A heap with the highest position on top, which is the first to go."""

    @property
    def ok(self) -> bool:
        return self.found == 0

    @property
    def problems(self) -> list[Problem]:
        """By position, at most PROBLEMS_MAX."""
        return [problem for _, _, problem in sorted(self._worst, reverse=True)]

    def add(self, position: int | None, stream: str, what: str) -> None:
        self.found += 1
        entry = (-(NO_POSITION if position is None else position), -self.found, Problem(position, stream, what))
        if len(self._worst) < PROBLEMS_MAX:
            heappush(self._worst, entry)
        else:
            heappushpop(self._worst, entry)


def run_verify(settings: Settings, as_json: bool, url: str | None = None, views: bool = False) -> None:
    """Exit 0 with a summary, or 1 with the first offending position and what is wrong with it. ``views``: then compares
    what this profile's stores hold with what the log adds up to."""
    try:
        log = log_of(settings, url)
        if as_json:
            report = look(log, settings)
        else:
            with console.progress("verifying", count_of(log), "events") as bar:
                report = look(log, settings, bar)
        compared = _compare_views(settings, log) if views and report.ok else None
    except UnusableLog as error:
        console.fail(str(error))
    if as_json:
        _print_json(report, compared)
        raise SystemExit(0 if report.ok and not any(one.different for one in compared or ()) else 1)
    if not report.ok:
        first = report.problems[0]
        where = "the log" if first.position is None else f"position {first.position}"
        more = f" ({report.found - 1} more)" if report.found > 1 else ""
        console.fail(f"{where}{f', {first.stream}' if first.stream else ''}: {first.what}{more}")
    rate = report.events / max(report.seconds, 1e-9)
    console.out.print(
        f"{report.events:,} events in {report.streams:,} streams verified in {report.seconds:.1f} s "
        f"({rate:,.0f} events/s): no holes, all hashes, stock and money right",
        markup=False,
    )
    if compared is not None:
        from kontor.proving.verifying_views import show

        show(compared)


def _compare_views(settings: Settings, log: Named) -> Sequence[Compared]:
    from kontor.proving.verifying_views import compare_views

    return asyncio.run(compare_views(settings, log))


def _print_json(report: Report, compared: Sequence[Compared] | None) -> None:
    answer = {"ok": report.ok, "events": report.events, "streams": report.streams, "head": report.head}
    answer |= {"problems": msgspec.to_builtins(report.problems)}
    if compared is not None:
        answer |= {"views": msgspec.to_builtins(compared)}
    console.out.print(msgspec.json.encode(answer).decode(), markup=False)


def log_of(settings: Settings, url: str | None) -> Named:
    """Where the log to look at is. Raises UnusableLog if a data folder has none."""
    if url is None and settings.profile == "full":
        return log_urls(settings)
    if url is not None:
        return url
    folder = DataFolder(settings.data)
    folder.require_log()
    return folder.log


def look(log: Named, settings: Settings, progress: Callable[[int], None] = lambda done: None) -> Report:
    """A data folder is looked at as a whole."""
    return verify_folder(DataFolder(settings.data), progress) if isinstance(log, Path) else verify(log, progress)


def verify_folder(folder: DataFolder, progress: Callable[[int], None] = lambda done: None) -> Report:
    """Everything wrong with the log, and events missing at its end that others have seen. Raises UnusableLog."""
    seen = seen_by_others(folder)  # before the log is read, to which a service may add meanwhile
    report = verify(folder.log, progress)
    for who, position in seen.items():
        if position > report.head:
            report.add(report.head + 1, "", f"the log ends before this position, and {who} seen position {position}")
    return report


def verify(log: Named, progress: Callable[[int], None] = lambda done: None) -> Report:
    """Everything wrong with a log. ``progress`` is told the events done. Raises UnusableLog if it cannot be opened."""
    with evidence(log) as opened:
        return examine(opened, progress)


def examine(opened: Evidence, progress: Callable[[int], None] = lambda done: None) -> Report:
    """The same of a log that is open, wherever it is kept."""
    report = Report()
    begun = time.perf_counter()
    try:
        _check_positions(opened, report)
        _Walk(opened, report).run(progress)
    except Damaged as damage:
        report.add(None, "", str(damage))
    report.seconds = time.perf_counter() - begun
    return report


def _check_positions(opened: Evidence, report: Report) -> None:
    """1, 2, 3 … without holes: as many rows as the last one's number says, and none below one."""
    report.events, low, report.head = opened.extent()
    if low == 1 and report.head == report.events:
        return
    expected = 1
    for position in opened.positions():
        if position != expected:
            gap = f"positions {expected} to {position - 1} are" if position - expected > 1 else "this position is"
            report.add(expected, "", f"{gap} missing" if position > expected else f"an event at position {position}")
        expected = position + 1


class _Stream:
    """Where the walk stands in the stream it is in."""

    __slots__ = ("broken", "check", "decider", "evolutions", "hash", "name", "position", "snapshot", "state", "version")

    def __init__(self, name: str, decider: Decider | None, check: Check | None, snapshot: Snapshot | None) -> None:
        self.name = name
        self.decider = decider
        self.check = check
        self.snapshot = snapshot
        self.state: Any = decider.initial if decider else None
        self.evolutions = decider.evolutions if decider else {}
        self.broken = decider is None
        """Once something is wrong with the stream itself, what follows can only be checked for its hashes."""
        self.version = self.position = 0
        self.hash = b""


class _Walk:
    def __init__(self, opened: Evidence, report: Report) -> None:
        self._evidence = opened
        self._report = report
        self._generations: set[int] = set()
        self._posted = Posted()
        self._snapshots = self._all_snapshots()
        self._next_snapshot = next(self._snapshots, None)

    def run(self, progress: Callable[[int], None]) -> None:
        stream: _Stream | None = None
        done = 0
        for rows in self._evidence.events():
            for row in rows:
                if stream is None or row[1] != stream.name:
                    self._leave(stream)
                    stream = self._enter(row)
                wrong = self._row(stream, row)
                if wrong is not None:
                    self._report.add(row[0], row[1], wrong)
            done += len(rows)
            progress(done)
        self._leave(stream)
        if self._next_snapshot is not None:
            self._orphans(None)
        for position, name, what in self._posted.unposted():
            self._report.add(position, name, what)
        if self._posted.missing:
            what = f"the ledger posts {len(self._posted.missing)} movements of money that the log does not hold"
            self._report.add(None, JOURNAL, what)
        if done != self._report.events:
            self._report.add(None, "", f"the index of streams holds {done} events, the table {self._report.events}")

    def _enter(self, row: tuple[Any, ...]) -> _Stream:
        self._report.streams += 1
        name = row[1]
        self._orphans(name)
        snapshot = None
        if self._next_snapshot is not None and self._next_snapshot.stream == name:
            snapshot, self._next_snapshot = self._next_snapshot, next(self._snapshots, None)
        decider = DECIDERS.get(name[:3])
        if decider is None:
            self._report.add(row[0], name, "no aggregate has such an id")
        return _Stream(name, decider, self._check_for(name), snapshot)

    def _check_for(self, name: str) -> Check | None:
        match name[:3]:
            case "stk":
                return StockCheck(name, self)
            case "pay":
                return Both(PaymentCheck(name, self), BookedCheck(name, self._posted))
            case "led":
                return LedgerCheck(self._posted)
            case "ord":
                return Both(OrderCheck(name, self._generations, self), BookedCheck(name, self._posted))
            case "gft":
                return Both(GiftCardCheck(name, self), BookedCheck(name, self._posted))
        return None

    def _leave(self, stream: _Stream | None) -> None:
        if stream is not None and stream.snapshot is not None and stream.snapshot.version > stream.version:
            what = f"a snapshot of version {stream.snapshot.version}, which the stream never had"
            self._report.add(stream.position, stream.name, what)

    def _row(self, stream: _Stream, row: tuple[Any, ...]) -> str | None:
        """The first thing that is wrong with an event, in the order in which one would look."""
        position, name, version, topic, meta_bytes, data, digest = row
        wrong = None
        try:
            if chain_hash(name, version, topic, meta_bytes, data) != digest:
                wrong = "its bytes are not those its hash was made of"
            else:
                meta = decode_meta(meta_bytes)
                event = decode(topic, data)
        except Exception as error:  # whatever a damaged row makes of a decoder
            wrong = f"cannot be read: {error!r}"
        if wrong is None:
            if version != stream.version + 1:
                wrong = f"version {version} where {stream.version + 1} comes next"
            elif meta.prev == stream.hash and position > stream.position:
                stream.version, stream.hash, stream.position = version, digest, position
                return None if stream.broken else self._fold(stream, position, event, meta)
            elif meta.prev != stream.hash:
                wrong = "its predecessor's hash is another"
            else:
                wrong = f"stands before its predecessor, which is at position {stream.position}"
        stream.broken = True
        stream.version, stream.hash, stream.position = version, digest, position
        return wrong

    def _fold(self, stream: _Stream, position: int, event: Any, meta: Any) -> str | None:
        before, wrong = stream.state, None
        try:
            evolution = stream.evolutions.get(type(event))
            if evolution is not None:
                stream.state = evolution(before, event)
            if stream.check is not None:
                wrong = stream.check(position, event, meta, before, stream.state)
        except Exception as error:  # evolve never raises; if it does, that is what is to be told
            stream.broken = True
            return f"cannot be folded: {error!r}"
        snapshot = stream.snapshot
        if snapshot is not None and snapshot.version == stream.version:
            stream.snapshot = None
            wrong = wrong or _compare(snapshot, stream)
        return wrong

    # snapshots, in the order of the streams

    def _all_snapshots(self) -> Iterator[Snapshot]:
        for row in self._evidence.snapshots():
            yield Snapshot._make(row)

    def _orphans(self, until: str | None) -> None:
        """Snapshots of streams that the log does not hold."""
        while (snapshot := self._next_snapshot) is not None and (until is None or snapshot.stream < until):
            self._report.add(None, snapshot.stream, f"a snapshot of version {snapshot.version}, and no events")
            self._next_snapshot = next(self._snapshots, None)

    # what other streams say

    def may_oversell(self, stock_id: str, hold_id: str) -> bool:
        if hold_id.startswith("ord_"):
            placed = (event for event in self._events_of(hold_id) if isinstance(event, OrderPlaced))
            return any(stock_id in event.backorder for event in placed)
        shop_id, _, sku = stock_id.removeprefix("stk_").partition(".")
        puts = (event for event in self._events_of(offer_id(shop_id, sku)) if isinstance(event, OfferPut))
        return any(event.terms.backorder for event in puts)

    def granted(self, order_id: str, refund_id: str, before: int) -> Money | None:
        found = self._events_of(order_id, before, GRANTED)
        return next((event.to_method for event in found if event.refund_id == refund_id), None)

    def granted_to_card(self, order_id: str, refund_id: str, before: int) -> Money | None:
        found = self._events_of(order_id, before, GRANTED)
        return next((event.gift_card for event in found if event.refund_id == refund_id), None)

    def redeemed(self, gift_card_id: str, order_id: str, before: int) -> Money | None:
        found = self._events_of(gift_card_id, before, REDEEMED)
        return next((event.amount for event in found if event.order_id == order_id), None)

    def captured(self, payment_id: str, before: int) -> Money | None:
        found = self._events_of(payment_id, before, CAPTURED)
        amounts = [event.amount for event in found if isinstance(event, PaymentCaptured)]
        return Money(sum(amount.amount for amount in amounts), amounts[0].currency) if amounts else None

    def _events_of(self, stream: str, before: int = NO_POSITION, kind: str = "") -> Iterator[Any]:
        for topic, data in self._evidence.stream(stream, before):
            if not topic.startswith(kind):
                continue
            try:
                yield decode(topic, data)
            except Exception:  # reported where it stands
                return


def _compare(snapshot: Snapshot, stream: _Stream) -> str | None:
    assert stream.decider is not None
    if snapshot.generation != stream.decider.generation:
        return None  # of an older Kontor: never loaded
    if snapshot.hash != stream.hash:
        return "the snapshot of this version holds another hash"
    try:
        state = msgspec.msgpack.decode(snapshot.state, type=stream.decider.states)
    except Exception as error:  # whatever damaged bytes make of a decoder
        return f"the snapshot of this version cannot be read: {error!r}"
    return None if state == stream.state else "the snapshot of this version is not what the events add up to"
