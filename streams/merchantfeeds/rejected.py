"""The rows of a run that were not taken, with line and reason: as they come to a file, and from there to who asks."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from streams.merchantfeeds.rows import Rejection

KEPT_MAX = 10_000
"""Rows of one run; what exceeds it is counted."""
BYTES_MAX = 8 << 20
ROW_SHOWN_MAX = 2_000
"""Bytes; of a longer row only line and reason are told."""
HEADER = ("line", "reason", "pointer", "row")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def key_of(shop_id: str, name: str, run_id: str) -> str:
    """Where a run's file lies among the objects."""
    return f"feeds/{shop_id}/{name}/{run_id}.ndjson"


class RejectedFile:
    """Goes on after ``size`` bytes with ``kept`` rows. Methods block."""

    def __init__(self, path: Path, kept: int, size: int) -> None:
        self.kept, self.size = kept, size
        self._file = path.open("r+b" if size and path.is_file() else "wb")
        self._file.truncate(size)
        self._file.seek(0, io.SEEK_END)
        if self._file.tell() < size:  # it was taken away
            self.kept, self.size = 0, self._file.tell()

    def close(self) -> None:
        self._file.close()

    def write(self, rejections: Iterable[Rejection], rows: Mapping[int, Any]) -> None:
        """``rows`` by line, as far as there is anything to show."""
        for rejection in rejections:
            entry = _encode(rejection, rows.get(rejection.number))
            if self.kept >= KEPT_MAX or self.size + len(entry) > BYTES_MAX:
                break
            self._file.write(entry)
            self.kept, self.size = self.kept + 1, self.size + len(entry)
        self._file.flush()


def _encode(rejection: Rejection, row: Any) -> bytes:
    entry = {"line": rejection.number, "reason": rejection.reason, "pointer": rejection.pointer}
    shown = None if row is None or isinstance(row, Rejection) else msgspec.json.encode(row)
    if shown is not None and len(shown) <= ROW_SHOWN_MAX:
        entry["row"] = row
    return msgspec.json.encode(entry) + b"\n"


def as_csv(ndjson: bytes) -> bytes:
    """For a spreadsheet, where a cell that begins like a formula is to stay a text."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(HEADER)
    for line in ndjson.splitlines():
        entry = msgspec.json.decode(line)
        row = "" if "row" not in entry else msgspec.json.encode(entry["row"]).decode()
        writer.writerow([entry["line"], as_cell(entry["reason"]), as_cell(entry["pointer"] or ""), row])
    return out.getvalue().encode()


def as_cell(cell: str) -> str:
    """A text that a spreadsheet takes for one."""
    return "'" + cell if cell.startswith(_FORMULA) else cell
