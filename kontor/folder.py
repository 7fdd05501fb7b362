"""The data folder of the embedded profile: where everything lies, and whether it can be used."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from commands.errors import UnusableLog
from commands.store.sqlite import LOG_FILE
from commands.store.sqlitefile import SQLiteFile
from commands.vault_file import APPLICATION_ID, SCHEMA_VERSION
from streams.gateways.records import RECORDS_FILE

VAULT_FILE = SQLiteFile(APPLICATION_ID, SCHEMA_VERSION, "vault")


@dataclass(frozen=True, slots=True)
class DataFolder:
    """``log.db`` and ``vault.db`` are the truth, ``provider.db`` the simulated provider's; the rest can be rebuilt."""

    path: Path

    @property
    def log(self) -> Path:
        return self.path / "log.db"

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
