"""No answer is waited for without end, also where psycopg is asked."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import psycopg

from commands.store import server


class Silent(psycopg.OperationalError):
    """The server takes what it is sent and says nothing."""


@contextmanager
def answered(connection: psycopg.AsyncConnection[Any]) -> Iterator[None]:
    """Breaks the connection after ``ANSWER_TIMEOUT_S``, and raises Silent. psycopg has no limit of its own, and a task
    of it that is cancelled waits for the server to say so. The network's keepalives are answered by whoever is between.
    """
    silent = False

    def give_up() -> None:
        nonlocal silent
        silent = True
        with suppress(OSError, psycopg.Error), socket.socket(fileno=os.dup(connection.pgconn.socket)) as same:
            same.shutdown(socket.SHUT_RDWR)

    timer = asyncio.get_running_loop().call_later(server.ANSWER_TIMEOUT_S, give_up)
    try:
        yield
    except psycopg.OperationalError as error:
        if silent:
            raise Silent(f"no answer within {server.ANSWER_TIMEOUT_S:g} s") from error
        raise
    finally:
        timer.cancel()
