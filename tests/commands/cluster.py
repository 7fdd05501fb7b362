"""A Postgres server of a test's own, from the distribution's binaries: to be killed and started again."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from tests.needed import absent
from tests.stack.commands import free_ports

SETTINGS = "listen_addresses='127.0.0.1' unix_socket_directories='' port={port} fsync=on max_connections=50"


def binaries() -> Path:
    """Where initdb and pg_ctl lie."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    initdb = found[-1] if found else shutil.which("initdb")
    if initdb is None:
        absent("needs the binaries of a Postgres server: stack/up postgres installs them")
    return Path(initdb).parent


class Cluster:
    settings = SETTINGS

    def __init__(self) -> None:
        self._bin = binaries()
        self._folder = Path(tempfile.mkdtemp(prefix="kontor-cluster-"))  # pytest's own folders are closed to others
        self._folder.chmod(0o755)
        self._data = self._folder / "data"
        self._data.mkdir(mode=0o700)
        (self.port,) = free_ports(1)
        if os.getuid() == 0:  # the server refuses to run as root
            shutil.chown(self._data, "postgres")
        options = ("-U", "app", "--auth=trust", "--encoding=UTF8", "--no-sync")
        self._run("initdb", "-D", str(self._data), *options, *self._further_options())
        self.url = f"postgresql://app@127.0.0.1:{self.port}/postgres"

    def _further_options(self) -> Sequence[str]:
        """Of initdb."""
        return ()

    def start(self) -> None:
        settings = " ".join(f"-c {one}" for one in self.settings.format(port=self.port).split())
        self._run("pg_ctl", "-D", str(self._data), "-l", str(self._data / "log"), "-o", settings, "-w", "start")

    def kill(self) -> None:
        """SIGKILL to all of it at once: nothing is flushed, nobody says goodbye."""
        pids = self.processes()
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        while any(_alive(pid) for pid in pids):
            time.sleep(0.01)
        # Where nobody buries the dead the next server would take its predecessor for alive.
        (self._data / "postmaster.pid").unlink()

    def processes(self) -> list[int]:
        """The server's, the one that has the others first; none when it has ended."""
        try:
            postmaster = int((self._data / "postmaster.pid").read_text().split("\n", 1)[0])
        except FileNotFoundError:
            return []
        children = subprocess.run(["ps", "-o", "pid=", "--ppid", str(postmaster)], capture_output=True, check=False)
        return [postmaster, *map(int, children.stdout.split())]

    def remove(self) -> None:
        if (self._data / "postmaster.pid").exists():
            self._run("pg_ctl", "-D", str(self._data), "-m", "immediate", "-w", "stop", check=False)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _run(self, name: str, *arguments: str, check: bool = True) -> None:
        """A program of the server's, or one that is named by its path."""
        account = ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"] if os.getuid() == 0 else []
        command = [*account, str(self._bin / name), *arguments]
        done = subprocess.run(
            command, cwd="/", stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, text=True, timeout=60
        )
        if check and done.returncode:
            raise RuntimeError(f"{name}: {done.stdout[-2000:]}")


def _alive(pid: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
