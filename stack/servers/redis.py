"""Redis from Debian's packages."""

from __future__ import annotations

import shutil
import socket

from . import settings, wire
from .server import Server
from .settings import HOST


class Redis(Server):
    name = "redis"
    account = "redis"

    def export(self) -> tuple[str, str]:
        return "KONTOR_REDIS_URL", f"redis://{HOST}:{self.port}/0"

    def missing_packages(self) -> set[str]:
        return set() if shutil.which("redis-server") else {"redis-server"}

    def prepare(self) -> None:
        shutil.copy(settings.STACK / "redis" / "redis.conf", self.data)
        (self.data / "redis.conf").chmod(0o644)

    def command(self) -> list[str]:
        server = shutil.which("redis-server")
        assert server, "installed before"
        return [server, str(self.data / "redis.conf"), "--port", str(self.port), "--dir", str(self.data)]

    def asked(self, connection: socket.socket) -> bool:
        """``PING``. While it loads its data it answers, but with an error."""
        connection.sendall(b"PING\r\n")
        return wire.receive(connection, 5) == b"+PONG"
