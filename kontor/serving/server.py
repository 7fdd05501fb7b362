"""Serving an application until a signal: SIGINT or SIGTERM finish what was accepted, a second one does not wait."""

from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp

from kontor.serving.cork import CorkedProtocol

GRACE_S = 10


class Server(uvicorn.Server):
    """uvicorn's, but a signal ends it with exit code 0 rather than being raised again."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        numbers = (signal.SIGINT, signal.SIGTERM)
        for number in numbers:
            loop.add_signal_handler(number, self._stop)
        try:
            yield
        finally:
            for number in numbers:
                loop.remove_signal_handler(number)

    def _stop(self) -> None:
        self.force_exit = self.should_exit
        self.should_exit = True


class PortTaken(OSError):
    """Somebody else listens there, or nobody may."""


def bind(host: str, port: int) -> socket.socket:
    """Raises PortTaken with what to do about it."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError as error:
        listening.close()
        raise PortTaken(f"cannot listen on {host}:{port}: {error.strerror}; choose another with --port") from error
    listening.listen(2048)
    listening.set_inheritable(True)
    return listening


async def serve(app: ASGIApp, listening: socket.socket) -> None:
    await server_of(app).serve(sockets=[listening])


def server_of(app: ASGIApp) -> Server:
    config = uvicorn.Config(
        app,
        http=CorkedProtocol,
        ws="none",
        lifespan="off",
        access_log=False,
        log_config=None,
        server_header=False,
        backlog=2048,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=GRACE_S,
    )
    return Server(config)
