"""The files of ``kontor import``: lines in, rejections out, and a bookmark of how far it got."""

from __future__ import annotations

import gzip
import hashlib
import io
import zlib
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import IO, Any

import msgspec

from streams.merchantfeeds.rows import DEPTH_MAX, ROW_MAX, Line, Rejection, require_shallow

UTF8_MARK = b"\xef\xbb\xbf"
UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
BATCH = 250
"""Lines; more would keep the event loop from others for longer than they gain."""


class UnreadableFile(Exception):
    """The whole file is not what an import takes; the message says what to do."""


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
    """How long the progress bar is: blank lines count too. Raises UnreadableFile for what cannot be read to its end."""
    count, last = 0, b"\n"
    try:
        with _open(file) as content:
            _require_lines(file, content.read(1 << 12))
            content.seek(0)
            for chunk in iter(lambda: content.read(1 << 20), b""):
                count, last = count + chunk.count(b"\n"), chunk[-1:]
    except EOFError as error:
        raise UnreadableFile(f"{file} ends in the middle of what was packed; nothing is taken, get it again") from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise UnreadableFile(f"{file} is called .gz and cannot be unpacked: {error}") from error
    return count + (last != b"\n")


def _require_lines(file: Path, head: bytes) -> None:
    """Raises UnreadableFile for what is no NDJSON at all, rather than refusing each of its lines."""
    if head.startswith(UTF16_MARKS):
        raise UnreadableFile(f"{file} is in UTF-16; write it in UTF-8")
    if head.removeprefix(UTF8_MARK).lstrip().startswith(b"[") and not head.lstrip().split(b"\n", 1)[0].endswith(b"]"):
        raise UnreadableFile(f"{file} is one JSON array; write an object a line, as by `jq -c '.[]'`")
    if file.name.removesuffix(".gz").endswith(".csv"):
        raise UnreadableFile(
            f"{file} is CSV, and an import takes one JSON object a line; feeds take CSV (docs/feeds.md)"
        )


def in_batches(lines: Iterable[Line]) -> Iterator[list[Line]]:
    lines = iter(lines)
    while batch := list(islice(lines, BATCH)):
        yield batch


def read_lines(file: Path) -> Iterator[Line]:
    """Every line that is not blank, numbered as an editor does; a mark of UTF-8 at the beginning is passed over."""
    decode = msgspec.json.Decoder(dict[str, Any]).decode
    with _open(file) as lines:
        for number, raw in enumerate(lines, 1):
            line = raw.removeprefix(UTF8_MARK) if number == 1 else raw
            if not line.strip():
                continue
            if len(line) > ROW_MAX:
                yield Line(number, Rejection(number, f"the line is longer than {ROW_MAX} bytes"))
                continue
            try:
                data = decode(line)
                require_shallow(line, data)
            except RecursionError:
                yield Line(number, Rejection(number, f"it is nested deeper than {DEPTH_MAX}"))
            except UnicodeDecodeError as error:
                byte = bytes(error.object[error.start : error.start + 1]).hex()
                yield Line(number, Rejection(number, f"not UTF-8: the byte 0x{byte}; write the file in UTF-8"))
            except msgspec.DecodeError as error:
                yield Line(number, Rejection(number, f"not a JSON object: {error}"))
            except ValueError as error:
                yield Line(number, Rejection(number, str(error)))
            else:
                yield Line(number, data)


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
