"""A Postgres server with a small disk for its tables and another for its write-ahead log, each of which can be full.

Where file systems may be mounted these are file systems, and full ones. Elsewhere the server's processes may not let a
file grow beyond a limit, which fails at the same places of the server, with another reason given.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import psycopg

from tests.commands.cluster import SETTINGS, Cluster

Kind = Literal["mounted", "limited"]
Part = Literal["tables", "wal"]
DISK_BYTES = 48 << 20
WAL_SEGMENT_BYTES = 1 << 20
LIMITS: dict[Part, int] = {"tables": WAL_SEGMENT_BYTES, "wal": WAL_SEGMENT_BYTES // 4}
"""How long a file may be. The log's files may have their full length, or not even that."""


def kinds() -> list[Kind]:
    """Those that there can be here."""
    mounting = subprocess.run(["unshare", "--mount", "true"], capture_output=True, check=False).returncode == 0
    return ["mounted", "limited"] if mounting and os.getuid() == 0 else ["limited"]


class SmallDisks(Cluster):
    settings = f"{SETTINGS} min_wal_size=2MB max_wal_size=8MB"

    def __init__(self, kind: Kind | None = None) -> None:
        self.kind = kind or kinds()[0]
        super().__init__()

    def _further_options(self) -> Sequence[str]:
        for part in LIMITS:
            folder = self._disk(part)
            folder.mkdir(mode=0o755)
            if self.kind == "mounted":
                subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", str(folder)], check=True)
            (folder / "data").mkdir(mode=0o700)
            if os.getuid() == 0:
                shutil.chown(folder / "data", "postgres")
        return ("--waldir", str(self._disk("wal") / "data"), f"--wal-segsize={WAL_SEGMENT_BYTES >> 20}")

    def _disk(self, part: Part) -> Path:
        return self._folder / part

    def start(self) -> None:
        super().start()
        with psycopg.connect(self.url, autocommit=True) as connection:
            if not connection.execute("SELECT 1 FROM pg_tablespace WHERE spcname = 'small'").fetchone():
                where = self._disk("tables") / "data"
                connection.execute(f"CREATE TABLESPACE small LOCATION '{where}'".encode())
                connection.execute("ALTER ROLE app SET default_tablespace = small")

    def fill(self, part: Part) -> None:
        """Nothing more fits on this disk."""
        if self.kind == "limited":
            self._limit(str(LIMITS[part]))
            return
        with (self._disk(part) / "ballast").open("wb", buffering=0) as ballast:
            block = bytes(1 << 16)
            try:
                while ballast.write(block) == len(block):
                    pass
                while True:
                    ballast.write(b"\0")
            except OSError:
                pass

    def free(self, part: Part) -> None:
        """There is room again, and the server runs, whatever became of it."""
        if self.kind == "limited":
            self._limit("unlimited")
        else:
            (self._disk(part) / "ballast").unlink()
        if not self.processes():
            self.start()

    def _limit(self, size: str) -> None:
        for pid in self.processes():
            self._run("/usr/bin/prlimit", "--pid", str(pid), f"--fsize={size}:", check=False)

    def remove(self) -> None:
        super().remove()
        if self.kind == "mounted":
            for part in LIMITS:
                subprocess.run(["umount", str(self._disk(part))], check=False)
        shutil.rmtree(self._folder, ignore_errors=True)
