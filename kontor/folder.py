"""The data folder of the embedded profile: where everything lies, and whether it can be used."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from commands.errors import UnusableLog
from commands.logs.order_file import ORDER_FILE
from commands.store.sqlite import LOG_FILE
from commands.store.sqlitefile import SQLiteFile
from commands.vault_file import APPLICATION_ID, SCHEMA_VERSION
from streams.gateways.records import RECORDS_FILE

VAULT_FILE = SQLiteFile(APPLICATION_ID, SCHEMA_VERSION, "vault")


@dataclass(frozen=True, slots=True)
class DataFolder:
    """``log.db`` and ``vault.db`` are the truth, ``provider.db`` the simulated provider's; the rest can be rebuilt.

    Where there are several logs, ``log-1.db``, ``log-2.db`` … and ``order.db`` are as true as the first.
    """

    path: Path

    @property
    def log(self) -> Path:
        return self.path / "log.db"

    def log_of(self, number: int) -> Path:
        """One of several, counted from 0."""
        return self.path / f"log-{number}.db" if number else self.log

    @property
    def order(self) -> Path:
        """Of the events of several logs; there is none where one log is alone."""
        return self.path / "order.db"

    @property
    def vault(self) -> Path:
        return self.path / "vault.db"

    @property
    def views(self) -> Path:
        return self.path / "views.db"

    @property
    def search(self) -> Path:
        return self.path / "search"

    @property
    def provider(self) -> Path:
        return self.path / "provider.db"

    @property
    def books(self) -> Path:
        """What reconciling knows of each order's money; goes on from here the next time."""
        return self.path / "books.db"

    @property
    def objects(self) -> Path:
        """Pictures of products, and rows of feeds that were not taken."""
        return self.path / "objects"

    @property
    def feeds(self) -> Path:
        """What feeds are remembered to have said, and copies of those that are being read; can be deleted."""
        return self.path / "feeds"

    @property
    def signals(self) -> Path:
        """What shoppers searched for and viewed, without their names; can be deleted, and is lost then."""
        return self.path / "signals.db"

    @property
    def replay(self) -> Path:
        """Of `kontor replay`: its lock, and what it folds for investigation."""
        return self.path / "replay"

    @property
    def replay_news(self) -> Path:
        """What the last replay said of itself."""
        return self.replay / "news.json"

    @property
    def processes(self) -> Path:
        """Of the full profile: what `work processes` has to see through."""
        return self.path / "processes.db"

    def prepare(self) -> None:
        """Makes the folder if need be. Raises UnusableLog, with the folder untouched, when it cannot be used."""
        LOG_FILE.check(self.log)
        ORDER_FILE.check(self.order)
        VAULT_FILE.check(self.vault)
        RECORDS_FILE.check(self.provider)
        try:
            self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise UnusableLog(f"the data folder {self.path} cannot be made: {error.strerror}") from error
        if not self.path.is_dir() or not os.access(self.path, os.W_OK | os.X_OK):
            raise UnusableLog(f"the data folder {self.path} cannot be written; check its owner and permissions")

    def require_log(self) -> None:
        """For tools that only look. Raises UnusableLog when there is nothing to look at."""
        LOG_FILE.check(self.log)
        if not self.log.exists():
            raise UnusableLog(f"there is no event log in {self.path}; start with `kontor demo` or name it with --data")

    def require_one_log(self) -> None:
        """For tools that know one file. Raises UnusableLog."""
        if self.order.exists():
            raise UnusableLog(f"{self.path} has several logs, and this command knows one; docs/scale.md says what does")
