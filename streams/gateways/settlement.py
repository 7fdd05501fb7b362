"""The settlement report as a file: what the provider says it did with the money, one movement a line.

docs/reconciliation.md says what the columns mean.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from typing import TextIO

from domain.reconciliation import KINDS, Movement


def csv_lines(rows: Iterable[Iterable[object]]) -> str:
    """The first line of a report is ``Movement._fields``."""
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def read_csv(file: TextIO) -> Iterator[Movement]:
    """Raises ValueError, naming the line, for a file that is not such a report."""
    reader = csv.reader(file)
    if next(reader, None) != list(Movement._fields):
        raise ValueError(f"a settlement report begins with {','.join(Movement._fields)}")
    for number, cells in enumerate(reader, 2):
        try:
            yield _movement(*cells)
        except (TypeError, ValueError) as error:
            raise ValueError(f"line {number}: {error}") from error


def _movement(
    key: str, reference: str, order_id: str, kind: str, amount: str, fee: str, currency: str, at: str
) -> Movement:
    if kind not in KINDS:
        raise ValueError(f"{kind!r} is none of {', '.join(KINDS)}")
    return Movement(key, reference, order_id, kind, int(amount), int(fee), currency, int(at))
