"""Rows out of a feed's copy, from any place on: NDJSON or CSV, whatever its bytes are.

What is no row becomes a rejection that says why. A row never takes more memory than ``ROW_MAX`` allows, and what is
longer is passed over.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import msgspec

from domain.errors import Invalid
from domain.sellers.feedterms import FeedTerms
from streams.merchantfeeds.columns import Columns
from streams.merchantfeeds.heads import HEAD_MAX, head_of
from streams.merchantfeeds.rows import DEPTH_MAX, ROW_MAX, Line, Rejection, require_shallow
from streams.merchantfeeds.sources import SourceFailed

TORN = "the file ends in the middle of this row"
_decode = msgspec.json.Decoder(dict[str, Any]).decode


def _whole(delimiter: bytes) -> re.Pattern[bytes]:
    """A line whose cells are all closed. Nothing in it is tried twice, whatever the line."""
    mark = re.escape(delimiter)
    other = rb"(?:(?!%b)[\s\S])*+" % mark
    cell = rb'(?:"[^"]*+(?:""[^"]*+)*+"%b|(?!")%b)' % (other, other)
    return re.compile(rb"(?:%b%b)*+%b" % (cell, mark, cell))


class Place(NamedTuple):
    """Where the next row begins."""

    offset: int = 0
    line: int = 1


class Reader:
    """Reads a copy from ``place`` on. ``cut_off``: its end is missing, and what follows its last line is no row."""

    def __init__(self, spool: Path, terms: FeedTerms, currency: str, place: Place, cut_off: bool) -> None:
        """Raises SourceFailed for what cannot be read at all, OSError."""
        self.torn = False
        """Whether the last row was not all there."""
        self._terms = terms
        self._decimal = terms.decimal if terms.format == "csv" else ""
        self._cut_off = cut_off
        self._file: BinaryIO = spool.open("rb")
        self._columns: Columns | None = None
        self._width = 0
        self.place = Place()
        try:
            self._begin(currency)
        except BaseException:
            self._file.close()
            raise
        if place.offset > self.place.offset:
            self._file.seek(place.offset)
            self.place = place

    def close(self) -> None:
        self._file.close()

    def _begin(self, currency: str) -> None:
        head = head_of(self._file.read(HEAD_MAX), self._terms)
        self._encoding, self._delimiter = head.encoding, head.delimiter
        self._whole = _whole(head.delimiter.encode(head.encoding))
        self._file.seek(head.start)
        self.place = Place(head.start, head.line)
        if self._terms.format == "csv":
            self._columns = self._header(currency)

    def _header(self, currency: str) -> Columns:
        record = next(self._records(), None)
        try:
            if record is None or isinstance(record[1], Rejection):
                raise Invalid("the first line names the columns, and there is none")
            header = [name.strip() for name in self._cells(self._text(record[1]))]
            named = [name for name in header if name]
            if len(set(named)) < len(named):
                raise Invalid("two columns have the same name")
            self._width = len(header)
            return Columns(self._terms, header, currency)
        except (Invalid, ValueError, csv.Error) as error:
            why = self._why(error) if isinstance(error, UnicodeDecodeError) else error
            raise SourceFailed(f"the columns cannot be told: {why}") from error

    def rows(self, most: int) -> list[Line]:
        """The next of them, fewer than ``most`` at the end alone; ``place`` is behind them then. Raises OSError."""
        found: list[Line] = []
        for number, raw in self._records():
            line = self._line(number, raw)
            if line is not None:
                found.append(line)
                if len(found) == most:
                    break
        return found

    # rows

    def _line(self, number: int, raw: bytes | Rejection) -> Line | None:
        if isinstance(raw, Rejection):
            return Line(number, raw)
        if not raw.strip():
            return None
        ends = raw.endswith(b"\n")
        if not ends and self._cut_off:
            return self._torn(number)
        try:
            return Line(number, self._data(raw), self._decimal)
        except (msgspec.DecodeError, ValueError, RecursionError, csv.Error) as error:
            return Line(number, Rejection(number, self._why(error))) if ends else self._torn(number)

    def _torn(self, number: int) -> Line:
        self.torn = True
        return Line(number, Rejection(number, TORN))

    def _data(self, raw: bytes) -> Any:
        if self._columns is None:
            data = _decode(raw if self._encoding == "utf-8" else self._text(raw))
            require_shallow(raw, data)
            return data
        cells = self._cells(self._text(raw))
        if len(cells) != self._width:
            raise ValueError(f"the row has {len(cells)} cells, the first line {self._width}")
        return self._columns.row(cells)

    def _text(self, raw: bytes) -> str:
        return raw.decode(self._encoding)

    def _cells(self, text: str) -> list[str]:
        rows = list(csv.reader([text.rstrip("\r\n")], delimiter=self._delimiter, strict=True))
        return rows[0] if rows else []

    def _why(self, error: Exception) -> str:
        if isinstance(error, UnicodeDecodeError):
            return f"not {self._encoding}: byte {error.start + 1} of the row"
        if isinstance(error, csv.Error):
            return f"not a row of a CSV: {error}"
        if isinstance(error, RecursionError):
            return f"not a JSON object: it is nested deeper than {DEPTH_MAX}"
        return str(error) if self._columns is not None else f"not a JSON object: {error}"

    # records

    def _records(self) -> Iterator[tuple[int, bytes | Rejection]]:
        """Line number and bytes of each, with its end; ``place`` is moved behind each before it is given."""
        while line := self._file.readline(ROW_MAX + 1):
            number, lines = self.place.line, 1
            if len(line) > ROW_MAX:
                self._skip(line)
                yield number, Rejection(number, f"the row is longer than {ROW_MAX} bytes")
                continue
            start = self._file.tell()
            if self._terms.format == "csv":
                record, lines = self._quoted(line)
                if record is None:
                    self._file.seek(start)
                    self.place = Place(start, number + 1)
                    yield number, Rejection(number, "a quote is not closed")
                    continue
                line = record
            self.place = Place(self._file.tell(), number + lines)
            yield number, line

    def _quoted(self, line: bytes) -> tuple[bytes | None, int]:
        """A record goes on behind an end of line that stands in quotes. None for a quote that nothing closes: it would
        take the rest of the file along. A quote within a cell that does not begin with one is an inch."""
        parts, quotes, size = [line], line.count(b'"'), len(line)
        if quotes % 2 and self._whole.fullmatch(line):
            return line, 1
        while quotes % 2 and size <= ROW_MAX and (more := self._file.readline(ROW_MAX + 1)):
            parts.append(more)
            quotes += more.count(b'"')
            size += len(more)
        if quotes % 2 == 0:
            return b"".join(parts), len(parts)
        if size > ROW_MAX:
            return None, 1
        self.torn = True
        return (parts[0].rstrip(b"\r\n"), len(parts)) if self._cut_off or len(parts) == 1 else (None, 1)

    def _skip(self, line: bytes) -> None:
        while line and not line.endswith(b"\n"):
            line = self._file.readline(1 << 16)
        self.place = Place(self._file.tell(), self.place.line + 1)
