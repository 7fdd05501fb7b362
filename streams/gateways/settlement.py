"""The settlement report: what the provider says it did with the money, for ``kontor reconcile`` to compare."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from typing import NamedTuple, TextIO

from streams.gateways.records import Operation

MOVED = frozenset(("authorized", "captured", "voided", "refunded"))


class SettlementRow(NamedTuple):
    """One operation. ``amount`` in minor units, ``at`` in milliseconds since 1970."""

    key: str
    reference: str
    order_id: str
    kind: str
    """``authorize``, ``capture``, ``void`` or ``refund``."""
    amount: int
    currency: str
    at: int


def settled(operations: Iterable[Operation]) -> Iterator[SettlementRow]:
    """Declined and refused operations moved nothing and are left out."""
    for made in operations:
        if made.status in MOVED:
            yield SettlementRow(made.key, made.reference, made.order_id, made.kind, made.amount, made.currency, made.at)


def csv_lines(rows: Iterable[Iterable[object]]) -> str:
    """The first line of a report is ``SettlementRow._fields``."""
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def read_csv(file: TextIO) -> Iterator[SettlementRow]:
    """Raises ValueError, naming the line, for a file that is not such a report."""
    reader = csv.reader(file)
    if next(reader, None) != list(SettlementRow._fields):
        raise ValueError(f"a settlement report begins with {','.join(SettlementRow._fields)}")
    for number, cells in enumerate(reader, 2):
        try:
            key, reference, order_id, kind, amount, currency, at = cells
            yield SettlementRow(key, reference, order_id, kind, int(amount), currency, int(at))
        except ValueError as error:
            raise ValueError(f"line {number}: {error}") from error
