"""What all servers have in common: a process with its data, log, pid file and ports, and a question that it answers."""

from __future__ import annotations

import fcntl
import json
import os
import pwd
import re
import signal
import socket
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from . import process, settings
from .settings import HOST, Failure

STOP_SECONDS = 60
LOG_LINES = 15
ERROR_LINES = 5
LINE_LENGTH = 300


@dataclass(frozen=True)
class Running:
    """A server process that is alive, as noted in its pid file when it was started."""

    pid: int
    started: int
    ports: dict[str, int]

    def alive(self) -> bool:
        return process.started(self.pid) == self.started


class Server(ABC):
    """A server's own file says how it is prepared, which command runs it, and how to tell that it answers."""

    name: str
    also_ports: tuple[str, ...] = ()
    """Names of the ports it needs beside the one for clients, which is called as the server is."""
    account: str | None = None
    """Who runs it when we are root."""
    stop_signal = signal.SIGTERM

    @property
    def data(self) -> Path:
        return settings.folder() / "data" / self.name

    @property
    def log(self) -> Path:
        return settings.folder() / "logs" / f"{self.name}.log"

    @property
    def pid_file(self) -> Path:
        return settings.folder() / "run" / f"{self.name}.pid"

    # ---- particular to each server

    @abstractmethod
    def export(self) -> tuple[str, str]:
        """The variable that points Kontor at this server, and its value."""

    def exports(self) -> list[tuple[str, str]]:
        """All that point there."""
        return [self.export()]

    @abstractmethod
    def missing_packages(self) -> set[str]:
        """The Debian packages that have to be installed before it can start."""

    @abstractmethod
    def prepare(self) -> None:
        """Downloads what is not there yet and writes the configuration. The data folder exists."""

    @abstractmethod
    def command(self) -> list[str]:
        """What to run; it stays in the foreground and logs to stdout or stderr."""

    @abstractmethod
    def asked(self, connection: socket.socket) -> bool:
        """Sends one real request and says whether the answer is a good one. May raise OSError or ValueError."""

    def stopped(self) -> None:  # noqa: B027 - most have nothing to do
        """Called when the process has ended in good order."""

    # ---- the same for all

    def ports(self) -> dict[str, int]:
        """Those of the running process, or else those it would be started with."""
        running = self.running()
        return running.ports if running else {name: settings.port(name) for name in (self.name, *self.also_ports)}

    @property
    def port(self) -> int:
        return self.ports()[self.name]

    def running(self) -> Running | None:
        """A pid file that a crash or a reboot left behind is not taken for a process: see ``process.started``."""
        try:
            note = json.loads(self.pid_file.read_text())
            running = Running(note["pid"], note["started"], note["ports"])
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return running if note.get("boot") == process.boot() and running.alive() else None

    def answers(self) -> bool:
        try:
            with socket.create_connection((HOST, self.port), timeout=3) as connection:
                return self.asked(connection)
        except (OSError, ValueError):
            return False

    def up(self) -> str:
        """Starts it unless it runs, and waits until it answers. Returns what to tell about it."""
        begin = time.monotonic()
        with self._lock():
            running = self.running()
            if running and self.answers():
                return "already up"
            if not running:
                running = self._prepared_start()
            self._wait(running)
            return f"up after {time.monotonic() - begin:.1f} s"

    def down(self) -> str:
        with self._lock():
            running = self.running()
            if not running:
                self.pid_file.unlink(missing_ok=True)
                return "not running"
            with suppress(ProcessLookupError):
                os.kill(running.pid, self.stop_signal)
            deadline = time.monotonic() + STOP_SECONDS
            while running.alive() and time.monotonic() < deadline:
                time.sleep(0.05)
            in_order = not running.alive()
            if in_order:
                self.stopped()
            else:
                process.kill(running.pid)
            self.pid_file.unlink(missing_ok=True)
            return "stopped" if in_order else f"killed, for it had not stopped after {STOP_SECONDS} s"

    def kill(self) -> str:
        """As a crash would end it: the pid file stays behind."""
        running = self.running()
        if not running:
            return "not running"
        process.kill(running.pid)
        return f"killed pid {running.pid}"

    @contextmanager
    def _lock(self) -> Iterator[None]:
        """Two commands at once for the same server take turns."""
        path = self.pid_file.with_suffix(".lock")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            file = path.open("w")
        except OSError as error:
            raise Failure(f"cannot write {error.filename}: {error.strerror}", advice="set KONTOR_STACK") from error
        with file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _prepared_start(self) -> Running:
        try:
            self._folders()
            self._check_ports()
            self.prepare()
            return self._start()
        except OSError as error:
            raise Failure(f"cannot use {error.filename}: {error.strerror}", advice=self._start_afresh()) from error

    def _folders(self) -> None:
        for path in (self.data, self.log.parent):
            path.mkdir(parents=True, exist_ok=True)
        if os.geteuid() == 0 and self.account:
            owner = pwd.getpwnam(self.account)
            os.chown(self.data, owner.pw_uid, owner.pw_gid)
        self.data.chmod(0o700)

    def _check_ports(self) -> None:
        for name, port in self.ports().items():
            with socket.socket() as attempt:
                attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    attempt.bind((HOST, port))
                except OSError as error:
                    raise Failure(
                        f"port {port} is taken by {process.listener(port)}",
                        advice=f"end that, or choose another: export {settings.port_variable(name)}={port + 1000}",
                    ) from error

    def run(self, command: list[str], problem: str, *, text: str = "", advice: str = "", **variables: str) -> None:
        """A program that comes to an end, run while preparing; what it says is told only if it fails."""
        done = subprocess.run(
            command,
            cwd=self.data,
            env={**os.environ, **variables},
            input=text,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            said = re.sub(r"\x1b\[[\d;]*m", "", done.stdout).strip().splitlines()
            raise Failure(problem, said="\n".join(line[:LINE_LENGTH] for line in said[:LOG_LINES]), advice=advice)

    def _start(self) -> Running:
        ports = self.ports()
        if self.log.exists():
            self.log.replace(f"{self.log}.1")
        command = self.as_account(self.command())
        with self.log.open("wb") as log:
            child = subprocess.Popen(
                command,
                cwd=self.data,
                env={**os.environ, "LC_ALL": "C.UTF-8"},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # it outlives our terminal, and Ctrl-C does not reach it
            )
        running = Running(child.pid, process.started(child.pid) or 0, ports)
        note = {"pid": running.pid, "started": running.started, "boot": process.boot(), "ports": ports}
        self.pid_file.write_text(json.dumps(note) + "\n")
        return running

    def _wait(self, running: Running) -> None:
        patience = settings.patience()
        deadline = time.monotonic() + patience
        while not (answered := self.answers()) and running.alive() and time.monotonic() < deadline:
            time.sleep(0.1)
        if answered and running.alive():
            return
        if running.alive():
            process.kill(running.pid)
            problem = f"it did not answer on port {self.port} within {patience} s and was killed"
            advice = f"give it longer: export KONTOR_STACK_WAIT={2 * patience}; or {self._start_afresh()}"
        else:
            problem, advice = "it ended while starting", self._start_afresh()
        self.pid_file.unlink(missing_ok=True)
        raise Failure(problem, said=self.log_tail(self.log), advice=advice)

    def _start_afresh(self) -> str:
        return f"if its data can be thrown away: rm -r {self.data}; stack/up {self.name}"

    def log_tail(self, log: Path) -> str:
        """The first errors, which need not stand at the end, and the end."""
        try:
            lines = [line[:LINE_LENGTH] for line in log.read_text(errors="replace").splitlines() if line.strip()]
        except OSError:
            return ""
        errors = [line for line in lines[:-LOG_LINES] if re.search(r"ERROR|FATAL|Exception", line)][:ERROR_LINES]
        return "\n".join([f"{log}:", *errors, *(["…"] if errors else []), *lines[-LOG_LINES:]])

    def as_account(self, command: list[str]) -> list[str]:
        """The command, run by the server's own account when we are root.

        A checkout below a closed folder such as /root is out of that account's reach; one capability lets it pass.
        """
        if os.geteuid() != 0 or not self.account:
            return command
        switch = ["setpriv", f"--reuid={self.account}", f"--regid={pwd.getpwnam(self.account).pw_gid}", "--init-groups"]
        if any(not parent.stat().st_mode & 0o001 for parent in self.data.parents):
            switch += ["--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"]
        return [*switch, *command]
