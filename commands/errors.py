"""What can go wrong on the write path besides a refused command.

WritePathError
├── Overloaded             the queue is full; try again in ``retry_after`` seconds
├── StorageUnavailable     nothing was written; the log cannot be reached, is locked, read-only or full
├── UnreadableStream       an event of the stream is of a newer Kontor, or damaged; all other streams go on
├── KeyReused              an idempotency key came back with another request
└── UnusableLog            the data folder is damaged, foreign, or of a newer version; raised at start only
"""

from __future__ import annotations


class WritePathError(Exception):
    pass


class Overloaded(WritePathError):
    def __init__(self, retry_after: int = 1) -> None:
        super().__init__("too many commands are waiting")
        self.retry_after = retry_after


class StorageUnavailable(WritePathError):
    pass


class NothingWritten(StorageUnavailable):
    pass


class UnreadableStream(WritePathError):
    def __init__(self, stream: str, why: str = "it could not be loaded") -> None:
        super().__init__(f"{stream} cannot be read: {why}")


class KeyReused(WritePathError):
    def __init__(self) -> None:
        super().__init__("this idempotency key was used for another request")


class UnusableLog(WritePathError):
    pass
