"""Where feeds come from: an address on the web or a file in the shop's folder, copied to a spool before a row is read.

The copy is what a run reads, so one that was interrupted goes on in the same bytes whatever the source says by then.
It is bounded in size and time, and holds plain text: gzip is unpacked on the way.
"""

from __future__ import annotations

import asyncio
import codecs
import hashlib
import re
import zlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple
from urllib.parse import urljoin

from domain.errors import Invalid
from domain.sellers.feedterms import SourceMark
from streams.outgoing.addresses import require_receiver, sockets

SIZE_MAX = 1 << 30
"""Bytes of a feed, unpacked."""
TIME_MAX_S = 900.0
CONNECT_S = 5.0
SILENCE_S = 30.0
REDIRECTS_MAX = 3
MARK_MAX = 200
"""Characters of an entity tag or a date that are worth keeping."""
CHUNK = 1 << 16
FILE = "file:"
AGENT = "Kontor-Feeds/1"
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*(/[A-Za-z0-9_][A-Za-z0-9._-]*){0,5}")
_REDIRECTS = (301, 302, 303, 307, 308)


class SourceFailed(Exception):
    """Nothing could be had. The message says why, and nothing that is secret."""


class Fetched(NamedTuple):
    size: int
    """Bytes of the copy."""
    mark: SourceMark
    cut_off: str
    """Why the end is missing; empty when everything came."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What the operator allows."""

    private: bool = False
    """Addresses in private networks, and without TLS."""
    folder: Path | None = None
    """Holds a folder for each shop, called by its id; None for no files at all."""
    size_max: int = SIZE_MAX
    time_max_s: float = TIME_MAX_S


def require_source(source: str, rules: Rules, pointer: str = "/source") -> None:
    """What can be said of a source without looking at it. Raises Invalid."""
    if not source.startswith(FILE):
        require_receiver(source, rules.private, pointer, "feeds are fetched from")
    elif rules.folder is None:
        raise Invalid("this marketplace reads no files; give an https:// address", pointer)
    elif _NAME.fullmatch(source.removeprefix(FILE)) is None:
        raise Invalid("file: and the name of a file in the shop's folder, such as file:prices.csv", pointer)


class Sources:
    """Made where it is used; the HTTP client comes with the first address."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._http: Any = None

    async def close(self) -> None:
        if self._http is not None:
            await self._http.close()

    async def fetch(self, source: str, shop_id: str, spool: Path, known: SourceMark) -> Fetched | None:
        """Copies it to ``spool``; None if it is what ``known`` says. Raises SourceFailed."""
        try:
            require_source(source, self._rules)
        except Invalid as error:
            raise SourceFailed(error.detail) from error
        try:
            async with asyncio.timeout(self._rules.time_max_s):
                if source.startswith(FILE):
                    return await self._file(source.removeprefix(FILE), shop_id, spool, known)
                return await self._address(source, spool, known)
        except TimeoutError:
            raise SourceFailed(f"it took longer than {self._rules.time_max_s:g} s") from None

    async def _file(self, name: str, shop_id: str, spool: Path, known: SourceMark) -> Fetched | None:
        assert self._rules.folder is not None
        path = await asyncio.to_thread(_inside, self._rules.folder / shop_id, name)
        try:
            with await _opened(path) as file:
                stat = await asyncio.to_thread(path.stat)
                mark = SourceMark(modified=f"{stat.st_size}-{stat.st_mtime_ns}")
                if mark.modified == known.modified:
                    return None
                return await self._spooled(_chunks(file), spool, mark, known)
        except OSError as error:
            raise SourceFailed(f"the file cannot be read: {error.strerror}") from error

    async def _address(self, url: str, spool: Path, known: SourceMark) -> Fetched | None:
        # Here, because it is slow to import and most shops have no feeds.
        aiohttp = await asyncio.to_thread(import_module, "aiohttp")
        self._http = self._http or _session(aiohttp, self._rules.private)
        try:
            for _ in range(REDIRECTS_MAX + 1):
                async with self._http.get(url, headers=_asking(known), allow_redirects=False) as answer:
                    if answer.status in _REDIRECTS:
                        url = self._onwards(url, answer.headers.get("location", ""))
                        continue
                    if answer.status == 304:
                        return None
                    if answer.status != 200:
                        raise SourceFailed(f"it answered {answer.status}")
                    mark = SourceMark(
                        _mark(answer.headers.get("etag", "")), _mark(answer.headers.get("last-modified", ""))
                    )
                    return await self._spooled(_body(answer, aiohttp), spool, mark, known)
        except (aiohttp.ClientError, OSError, ValueError) as error:
            cause = getattr(error, "os_error", error)
            reason = str(cause) if type(cause).__name__ == "PrivateAddress" else type(cause).__name__
            raise SourceFailed(f"it cannot be reached: {reason}") from error
        raise SourceFailed(f"it redirects more than {REDIRECTS_MAX} times")

    def _onwards(self, url: str, location: str) -> str:
        target = urljoin(url, location)
        try:
            require_receiver(target, self._rules.private, "/source", "feeds are fetched from")
        except Invalid as error:
            raise SourceFailed(f"it redirects to where nothing is fetched: {error.detail}") from error
        return target

    async def _spooled(
        self, chunks: AsyncIterator[bytes], spool: Path, mark: SourceMark, known: SourceMark
    ) -> Fetched | None:
        with await asyncio.to_thread(spool.open, "wb") as file:
            copy = _Copy(file, self._rules.size_max)
            try:
                async for chunk in chunks:
                    await asyncio.to_thread(copy.take, chunk)
                copy.end()
            except _CutOff as error:
                copy.cut_off = str(error)
        digest = copy.digest.hexdigest()
        if digest == known.digest and not copy.cut_off:
            return None
        return Fetched(copy.size, SourceMark(mark.etag, mark.modified, digest), copy.cut_off)


class _CutOff(Exception):
    pass


class _Copy:
    """What is written to the spool. Raises SourceFailed beyond ``most`` bytes."""

    def __init__(self, file: BinaryIO, most: int) -> None:
        self.size = 0
        self.digest = hashlib.sha256()
        self.cut_off = ""
        self._file = file
        self._most = most
        self._begun = False
        self._gzip: Any = None
        self._first: bytes | None = b""
        """Of the plain text, until it is known whether it is UTF-16."""
        self._wide: Any = None

    def take(self, chunk: bytes) -> None:
        if not self._begun:
            self._begun = True
            self._gzip = zlib.decompressobj(31) if chunk[:2] == b"\x1f\x8b" else None
        if self._gzip is None:
            self._plain(chunk)
            return
        try:
            while chunk:
                if self._gzip.eof:  # several, one after the other, are one
                    self._gzip = zlib.decompressobj(31)
                self._plain(self._gzip.decompress(chunk, CHUNK * 16))
                chunk = self._gzip.unused_data if self._gzip.eof else self._gzip.unconsumed_tail
        except zlib.error as error:
            raise _CutOff("the gzip is damaged") from error

    def end(self) -> None:
        if self._gzip is not None and not self._gzip.eof:
            raise _CutOff("the gzip ends early")
        if self._first:
            self._begin_text(self._first)
        if self._wide is not None:
            self._narrow(b"", final=True)

    def _plain(self, plain: bytes) -> None:
        self.digest.update(plain)
        if self._first is not None:
            self._first += plain
            if len(self._first) >= len(codecs.BOM_UTF16):
                self._begin_text(self._first)
        elif self._wide is not None:
            self._narrow(plain)
        else:
            self._write(plain)

    def _begin_text(self, first: bytes) -> None:
        """What is marked as UTF-16 becomes UTF-8, with its mark, so that offsets in the copy are those of bytes."""
        self._first = None
        if first.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            self._wide = codecs.getincrementaldecoder("utf-16")()
            self._write(codecs.BOM_UTF8)
            self._narrow(first)
        else:
            self._write(first)

    def _narrow(self, wide: bytes, *, final: bool = False) -> None:
        try:
            self._write(self._wide.decode(wide, final).encode())
        except UnicodeError as error:
            raise _CutOff("the UTF-16 is damaged, or ends early") from error

    def _write(self, plain: bytes) -> None:
        self.size += len(plain)
        if self.size > self._most:
            raise SourceFailed(f"it is larger than {self._most} bytes")
        self._file.write(plain)


async def _opened(path: Path) -> BinaryIO:
    """Closed again if nobody waits for it any more. Raises OSError."""
    opening: asyncio.Future[BinaryIO] = asyncio.get_running_loop().run_in_executor(None, path.open, "rb")
    try:
        return await asyncio.shield(opening)
    except asyncio.CancelledError:
        opening.add_done_callback(_close)
        raise


def _close(opening: asyncio.Future[BinaryIO]) -> None:
    if not opening.cancelled() and opening.exception() is None:
        opening.result().close()


def _inside(folder: Path, name: str) -> Path:
    """Links included: whatever leads out of the folder is not there. Raises SourceFailed."""
    try:
        path = (folder / name).resolve(strict=True)
        if path.is_file() and path.is_relative_to(folder.resolve(strict=True)):
            return path
    except OSError:
        pass
    raise SourceFailed(f"there is no file {name} in the shop's folder")


async def _chunks(file: BinaryIO) -> AsyncIterator[bytes]:
    while chunk := await asyncio.to_thread(file.read, CHUNK):
        yield chunk


async def _body(answer: Any, aiohttp: Any) -> AsyncIterator[bytes]:
    """Raises _CutOff for one that ends before its announced end."""
    try:
        async for chunk in answer.content.iter_chunked(CHUNK):
            yield chunk
    except (aiohttp.ClientError, OSError) as error:  # a silence that is too long is an OSError too
        raise _CutOff("the connection ended before the file did") from error


def _mark(said: str) -> str:
    """As a source has it, where it can be kept and sent back; whatever bytes a header has come here as a text."""
    return said if len(said) <= MARK_MAX and said.isascii() and said.isprintable() else ""


def _asking(known: SourceMark) -> dict[str, str]:
    headers = {"user-agent": AGENT, "accept-encoding": "identity"}
    if known.etag:
        headers["if-none-match"] = known.etag
    if known.modified:
        headers["if-modified-since"] = known.modified
    return headers


def _session(aiohttp: Any, private: bool) -> Any:
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(use_dns_cache=False, socket_factory=sockets(private)),
        timeout=aiohttp.ClientTimeout(total=None, connect=CONNECT_S, sock_read=SILENCE_S),
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
    )
