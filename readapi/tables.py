"""Lists as tables for spreadsheets: CSV that is marked as UTF-8, with amounts as people write them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any

from starlette.responses import Response

from domain.money import CURRENCIES, Money
from readapi.edge.positions import HEADER, format_position


def table(name: str, columns: Sequence[str], rows: Iterable[Sequence[Any]], position: int) -> Response:
    """``name`` is the file's. Cells that people wrote are to be passed through ``as_cell`` before."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(columns)
    writer.writerows(rows)
    headers = {
        HEADER: format_position(position),
        "Cache-Control": "private, no-store",
        "Content-Disposition": f'attachment; filename="{name}"',
    }
    return Response(out.getvalue().encode("utf-8-sig"), headers=headers, media_type="text/csv")


def major(amount: Money) -> str:
    """``1999`` cents as ``19.99``."""
    digits = CURRENCIES.get(amount.currency, 0)
    whole, part = divmod(abs(amount.amount), 10**digits)
    return ("-" if amount.amount < 0 else "") + (f"{whole}.{part:0{digits}}" if digits else str(whole))
