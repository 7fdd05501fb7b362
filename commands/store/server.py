"""A Postgres server as a URL names it: how to connect to it, and how to speak of it without telling the password."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import psycopg
import structlog
from psycopg.conninfo import conninfo_to_dict

from commands.errors import StorageUnavailable, UnusableLog
from commands.outage import Outage

log = structlog.get_logger("postgres")

CONNECT_TIMEOUT_S = 5
LOCK_TIMEOUT_S = 5.0
"""How long a writer waits for others before it says so; as long as for SQLite's lock."""
STATEMENT_TIMEOUT_S = 30.0
IDLE_TIMEOUT_S = 15.0
"""A process that was stopped while it held the log's lock loses it, so that the others can go on."""
ANSWER_TIMEOUT_S = 40.0
"""Beyond it the server is taken for dead although the network says nothing."""
RECONNECT_S = 1.0
"""How long a pool tries by itself to replace a broken connection. Beyond that it tries whenever somebody asks for one:
its own pauses double without an end, so that after a long absence a server would be left alone for as long again."""

LIFELINE = {
    "connect_timeout": str(CONNECT_TIMEOUT_S),
    "keepalives_idle": "10",
    "keepalives_interval": "3",
    "keepalives_count": "3",
    "tcp_user_timeout": "15000",
    "application_name": "kontor",
    "target_session_attrs": "read-write",
}
"""Noticing a server that is gone within seconds, and of several hosts taking the one that may be written. A URL that
says otherwise is obeyed."""


class Refused(Exception):
    """The server said no, and is still there: nothing of the transaction will be written."""


class Lost(Exception):
    """The connection broke or went silent: what was asked for last may or may not have been done."""


@dataclass(frozen=True, slots=True)
class Server:
    what: str
    """What is kept there, for messages: the event log, the vault."""
    parameters: dict[str, str] = field(repr=False)
    """libpq's; they hold the password."""
    outages: dict[str, Outage] = field(default_factory=dict, repr=False, compare=False)
    """By what cannot be done: writing may fail while reading goes on. Requests that meet one need not tell."""

    @classmethod
    def at(cls, url: str, what: str = "event log") -> Server:
        """Raises UnusableLog, which does not repeat the URL, when it is none."""
        try:
            if not url.startswith(("postgresql://", "postgres://")):
                raise ValueError
            given = {name: str(value) for name, value in conninfo_to_dict(url).items() if value is not None}
            if _holds_a_password(given):
                raise ValueError
        except (psycopg.Error, ValueError):
            raise UnusableLog(
                f"the URL of the {what} is not one that Postgres understands; "
                "write it like postgresql://user:password@host:5432/database, a / in the password as %2F, an @ as %40"
            ) from None
        return cls(what, LIFELINE | given)

    def with_settings(self, **settings: str) -> Server:
        """Connections begin with these settings of the server's in force; what the URL sets itself comes first."""
        words = [f"-c {name}={value}" for name, value in settings.items()]
        options = " ".join([*words, self.parameters.get("options", "")]).strip()
        return replace(self, parameters=self.parameters | {"options": options})

    def __str__(self) -> str:
        known = self.parameters
        return f"{known.get('host') or 'localhost'}:{known.get('port') or '5432'}/{known.get('dbname') or ''}"

    def mask(self, error: BaseException) -> str:
        """An error's first line, without the password should the server have repeated it."""
        text = str(error).strip().split("\n", 1)[0] or type(error).__name__
        password = self.parameters.get("password")
        return text.replace(password, "***") if password else text

    def connect(self) -> psycopg.Connection[Any]:
        """In autocommit mode. Raises UnusableLog."""
        try:
            return psycopg.connect(**self.parameters, autocommit=True)  # type: ignore[arg-type]  # its stubs know no mapping
        except psycopg.Error as error:
            raise UnusableLog(f"the {self.what} at {self} cannot be reached: {self.mask(error)}") from None

    async def connect_async(self) -> psycopg.AsyncConnection[Any]:
        """In autocommit mode. Raises psycopg.Error."""
        return await psycopg.AsyncConnection.connect(**self.parameters, autocommit=True)  # type: ignore[arg-type]  # its stubs know no mapping

    @contextmanager
    def told(self, doing: str) -> Iterator[None]:
        """Turns the driver's errors into StorageUnavailable, whose message says where and why, and no secret; and tells
        the log how long that lasts."""
        try:
            yield
        except (psycopg.Error, OSError, TimeoutError, Refused, Lost) as error:
            unavailable = StorageUnavailable(f"the {self.what} at {self} cannot be {doing}: {self.mask(error)}")
            self._outage(doing).met(unavailable)
            raise unavailable from None
        if doing in self.outages:
            self.outages.pop(doing).ended()

    def _outage(self, doing: str) -> Outage:
        return self.outages.setdefault(doing, Outage(log, "storage_unavailable", "storage_available"))


def _holds_a_password(given: dict[str, str]) -> bool:
    """With a bare / or @ in a password libpq takes a part of it for the port, host or database, which are told."""
    ports = given.get("port", "").split(",")
    return not all(port.isdecimal() for port in ports if port) or "@" in given.get("host", "") + given.get("dbname", "")


def milliseconds(seconds: float) -> str:
    return str(round(seconds * 1000))
