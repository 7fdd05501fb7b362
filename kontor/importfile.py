"""The files of ``kontor import``: lines in, rejections out, and a bookmark of how far it got."""

from __future__ import annotations

import gzip
import hashlib
import io
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import IO, Any

import msgspec

from streams.merchantfeeds.rows import ROW_MAX, Line, Rejection

BATCH = 250
"""Lines; more would keep the event loop from others for longer than they gain."""


def rejected_path(file: Path) -> Path:
    name = file.name.removesuffix(".gz").removesuffix(".ndjson")
    return file.with_name(f"{name}.rejected.ndjson")


class Bookmark:
    """How many lines of a file are done. A file that changed since is a new one."""

    def __init__(self, data: Path, what: str, file: Path) -> None:
        stat = file.stat()
        identity = f"{what}\n{file.resolve()}\n{stat.st_size}\n{stat.st_mtime_ns}"
        self._path = data / f"import-{hashlib.sha256(identity.encode()).hexdigest()[:16]}.json"

    def read(self) -> tuple[int, int]:
        """Lines that are done, and bytes of the file of their rejections."""
        try:
            mark = msgspec.json.decode(self._path.read_bytes(), type=dict[str, int])
            return mark["lines"], mark["rejected"]
        except (OSError, msgspec.MsgspecError, KeyError):
            return 0, 0

    def write(self, lines: int, rejected: int) -> None:
        self._path.write_bytes(msgspec.json.encode({"lines": lines, "rejected": rejected}))

    def remove(self) -> None:
        self._path.unlink(missing_ok=True)


def _open(file: Path) -> IO[bytes]:
    # gzip's own reader goes through Python for every line
    return io.BufferedReader(gzip.open(file, "rb"), 1 << 17) if file.suffix == ".gz" else file.open("rb")


def count_lines(file: Path) -> int:
    """How long the progress bar is: blank lines count too."""
    with _open(file) as content:
        return sum(chunk.count(b"\n") for chunk in iter(lambda: content.read(1 << 20), b""))


def in_batches(lines: Iterable[Line]) -> Iterator[list[Line]]:
    lines = iter(lines)
    while batch := list(islice(lines, BATCH)):
        yield batch


def read_lines(file: Path) -> Iterator[Line]:
    """Every line that is not blank, numbered as an editor does."""
    decode = msgspec.json.Decoder(dict[str, Any]).decode
    with _open(file) as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            if len(line) > ROW_MAX:
                yield Line(number, Rejection(number, f"the line is longer than {ROW_MAX} bytes"))
                continue
            try:
                yield Line(number, decode(line))
            except (msgspec.DecodeError, UnicodeDecodeError) as error:
                yield Line(number, Rejection(number, f"not a JSON object: {error}"))


def rejections_of(path: Path, kept: int) -> IO[bytes]:
    """The file of rejections, without what an interrupted import wrote after its last bookmark."""
    file = path.open("r+b" if kept and path.is_file() else "wb")
    file.truncate(min(kept, file.seek(0, io.SEEK_END)))
    file.seek(0, io.SEEK_END)
    return file


def write_rejections(file: IO[bytes], rejections: Iterable[Rejection], batch: Sequence[Line]) -> None:
    data = {line.number: line.data for line in batch}
    for rejection in rejections:
        entry = {"line": rejection.number, "reason": rejection.reason, "pointer": rejection.pointer}
        if not isinstance(data[rejection.number], Rejection):
            entry["data"] = data[rejection.number]
        file.write(msgspec.json.encode(entry) + b"\n")
    file.flush()
