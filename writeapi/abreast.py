"""Several processes share one log: before a command is looked at, this process takes in what the others committed.

The engine does so under the log's lock, before it decides. But routes look at aggregates first (the cart, its offers,
the account), and a client's next request may reach another process than the last, sooner than that one polls the log.
"""

from __future__ import annotations

import sqlite3
from contextlib import suppress

from starlette.applications import Starlette
from starlette.types import ASGIApp, Receive, Scope, Send

from commands.errors import WritePathError
from writeapi.services import WriteServices

_SAFE = frozenset(("GET", "HEAD", "OPTIONS"))
_NO_COMMANDS = frozenset(("/api/signals",))
"""What is sent there has nothing to do with the log, and is not to wait for it."""


class Abreast:
    """Middleware of an application with command routes."""

    def __init__(self, app: ASGIApp, *, application: Starlette) -> None:
        self._app = app
        self._application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] not in _SAFE and scope["path"] not in _NO_COMMANDS:
            with suppress(WritePathError, sqlite3.Error):  # a log that cannot be read is the route's to answer for
                services: WriteServices = self._application.state.services
                await services.engine.abreast()
        await self._app(scope, receive, send)
