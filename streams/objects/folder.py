"""Objects as files of a folder, for the embedded profile: whole or not there at all."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from streams.objects.port import LEFT_S, LISTED_MAX, Lying, ObjectsUnavailable, TooLarge, Upload, require_key
from streams.objects.tickets import Ticket, Tickets

UPLOADS = "/api/media/uploads/"
"""Of the command service: where ``take`` is called."""


class FolderObjects:
    """``now`` gives seconds since 1970."""

    def __init__(self, folder: Path, secret: bytes, now: Callable[[], float] = time.time) -> None:
        """It is made when something is put there. ``secret`` signs uploads."""
        self._folder = folder
        self._tickets = Tickets(secret)
        self._now = now

    async def put(self, key: str, body: bytes, media_type: str) -> None:
        async def whole() -> AsyncIterator[bytes]:
            yield body

        await self._write(key, whole(), len(body))

    async def get(self, key: str, most: int) -> bytes | None:
        try:
            return await asyncio.to_thread(self._get, self._path(key), most)
        except OSError as error:
            raise ObjectsUnavailable(str(error.strerror)) from error

    async def delete(self, key: str) -> None:
        try:
            await asyncio.to_thread(self._path(key).unlink, missing_ok=True)
        except OSError as error:
            raise ObjectsUnavailable(str(error.strerror)) from error

    async def listed(self, prefix: str, most: int) -> list[Lying]:
        try:
            return await asyncio.to_thread(self._listed, prefix, min(most, LISTED_MAX))
        except OSError as error:
            raise ObjectsUnavailable(str(error.strerror)) from error

    async def upload(self, key: str, media_type: str, most: int, seconds: int) -> Upload:
        ticket = Ticket(require_key(key), media_type, most, int(self._now()) + seconds)
        await asyncio.to_thread(self._prune, self._path(key).parent)
        return Upload("PUT", UPLOADS + self._tickets.issue(ticket), {}, {"Content-Type": media_type})

    async def take(self, ticket: str, media_type: str, chunks: AsyncIterator[bytes]) -> None:
        """Somebody's upload. Raises BadTicket, TooLarge, ObjectsUnavailable."""
        permitted = self._tickets.read(ticket, self._now())
        if media_type != permitted.media_type:
            raise TypeError(f"this upload is for {permitted.media_type}")
        await self._write(permitted.key, chunks, permitted.most)

    def _path(self, key: str) -> Path:
        return self._folder / require_key(key)

    async def _write(self, key: str, chunks: AsyncIterator[bytes], most: int) -> None:
        path, size = self._path(key), 0
        beside = path.with_name(f".{secrets.token_hex(8)}")  # no key begins with a dot
        try:
            await asyncio.to_thread(path.parent.mkdir, parents=True, exist_ok=True, mode=0o700)
            with await asyncio.to_thread(beside.open, "xb") as file:
                async for chunk in chunks:
                    size += len(chunk)
                    if size > most:
                        raise TooLarge
                    await asyncio.to_thread(file.write, chunk)
                file.flush()
                await asyncio.to_thread(os.fsync, file.fileno())
            await asyncio.to_thread(beside.replace, path)
        except OSError as error:
            raise ObjectsUnavailable(str(error.strerror)) from error
        finally:
            with contextlib.suppress(OSError):
                beside.unlink(missing_ok=True)

    def _get(self, path: Path, most: int) -> bytes | None:
        try:
            with path.open("rb") as file:
                body = file.read(most + 1)
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            return None
        if len(body) > most:
            raise TooLarge
        return body

    def _listed(self, prefix: str, most: int) -> list[Lying]:
        beginning = self._path(prefix)
        if not beginning.parent.is_dir():
            return []
        found: list[Lying] = []
        with os.scandir(beginning.parent) as entries:
            for entry in entries:
                if len(found) < most and entry.name.startswith(beginning.name) and entry.is_file():
                    with contextlib.suppress(FileNotFoundError):  # taken up just now
                        stat = entry.stat()
                        key = prefix.removesuffix(beginning.name) + entry.name
                        found.append(Lying(key, stat.st_size, self._now() - stat.st_mtime))
        return found

    def _prune(self, folder: Path) -> None:
        if folder.is_dir():
            for path in folder.iterdir():
                if path.is_file() and path.stat().st_mtime < self._now() - LEFT_S:
                    path.unlink(missing_ok=True)
