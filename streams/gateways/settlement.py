"""The settlement report as a file: what the provider says it did with the money, one movement a line.

docs/reconciliation.md says what the columns mean.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import TextIO

from domain.books.reconciliation import KINDS, Movement

UNITS = {"amount": " of minor units", "fee": " of minor units", "at": " of milliseconds since 1970"}


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
    for cells in reader:
        if not cells:
            continue
        try:
            yield _movement(cells)
        except ValueError as error:
            raise ValueError(f"line {reader.line_num}: {error}") from error


def _movement(cells: Sequence[str]) -> Movement:
    if len(cells) != len(Movement._fields):
        raise ValueError(f"{len(cells)} cells where there are {len(Movement._fields)} columns")
    key, reference, order_id, kind, amount, fee, currency, at = cells
    if kind not in KINDS:
        raise ValueError(f"{kind!r} is none of {', '.join(KINDS)}")
    return Movement(
        key, reference, order_id, kind, _whole(amount, "amount"), _whole(fee, "fee"), currency, _whole(at, "at")
    )


def _whole(text: str, column: str) -> int:
    try:
        return int(text)
    except ValueError as error:
        raise ValueError(f"{column} {text!r} is no whole number{UNITS[column]}") from error
