"""PostgreSQL from Debian's packages, as user ``kontor`` on database ``kontor``."""

from __future__ import annotations

import re
import shutil
import signal
import socket
from contextlib import suppress
from pathlib import Path

from . import process, settings, wire
from .server import Server
from .settings import HOST

NAME = "kontor"


def programs() -> Path | None:
    """The newest version's folder; Debian keeps it off the path."""
    found = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/postgres")]
    if found:
        return max(found, key=lambda path: int(re.sub(r"\D", "", path.parent.name) or 0))
    on_path = shutil.which("postgres")
    return Path(on_path).resolve().parent if on_path else None


class Postgres(Server):
    name = "postgres"
    account = "postgres"
    stop_signal = signal.SIGINT  # ends the sessions instead of waiting for them

    @property
    def cluster(self) -> Path:
        return self.data / "cluster"

    def export(self) -> tuple[str, str]:
        return "KONTOR_POSTGRES_URL", f"postgresql://{NAME}@{HOST}:{self.port}/{NAME}"

    def exports(self) -> list[tuple[str, str]]:
        """The vault is a schema of its own here; users give it a database with backups of its own."""
        log = self.export()
        return [log, ("KONTOR_VAULT_URL", f"{log[1]}?options=-csearch_path%3Dvault")]

    def missing_packages(self) -> set[str]:
        return set() if programs() else {"postgresql"}

    def program(self, name: str) -> str:
        folder = programs()
        assert folder, "installed before"
        return str(folder / name)

    def prepare(self) -> None:
        if not self.cluster.exists():
            self._create()
        self._forget_zombie()
        shutil.copy(settings.STACK / "postgres" / "postgresql.conf", self.data)
        (self.data / "postgresql.conf").chmod(0o644)

    def _create(self) -> None:
        """Made beside its place and then moved there, so that half a cluster is never taken for one."""
        new = self.data / "cluster.new"
        shutil.rmtree(new, ignore_errors=True)
        initdb = [
            *(self.program("initdb"), "--pgdata", str(new), "--username", NAME, "--auth=trust"),
            *("--encoding=UTF8", "--locale=C.UTF-8", "--data-checksums", "--no-instructions"),
        ]
        self.run(self.as_account(initdb), f"initdb could not make {new}")
        single = [self.program("postgres"), "--single", "-D", str(new), "postgres"]
        self.run(self.as_account(single), "the database could not be created", text=f"CREATE DATABASE {NAME};\n")
        new.rename(self.cluster)

    def _forget_zombie(self) -> None:
        """After a crash a postmaster that nobody waits for stays as a zombie, and a new one takes it for alive."""
        lock = self.cluster / "postmaster.pid"
        with suppress(OSError, ValueError):
            if process.zombie(int(lock.read_text().splitlines()[0])):
                lock.unlink()

    def command(self) -> list[str]:
        return [
            *(self.program("postgres"), "-D", str(self.cluster), "-p", str(self.port)),
            *("-c", f"config_file={self.data / 'postgresql.conf'}"),
        ]

    def asked(self, connection: socket.socket) -> bool:
        """A session without a password, ``SELECT 1``, and the row that comes back."""
        names = f"user\0{NAME}\0database\0{NAME}\0\0".encode()
        connection.sendall((8 + len(names)).to_bytes(4, "big") + (3 << 16).to_bytes(4, "big") + names)
        query = b"SELECT 1\0"
        connection.sendall(b"Q" + (4 + len(query)).to_bytes(4, "big") + query)
        kinds = b""
        while not kinds.endswith((b"E", b"CZ")):  # an error, or complete and ready for more
            kinds += wire.receive(connection, 1)
            wire.receive(connection, wire.receive_number(connection) - 4)
        connection.sendall(b"X\x00\x00\x00\x04")  # good-bye, or the log has a line for each question
        return b"D" in kinds
