"""``stack/up`` and its siblings, run as a person would, in a folder and on ports of their own."""

from __future__ import annotations

import json
import os
import random
import shlex
import socket
import subprocess
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
SERVERS = ("postgres", "kafka", "redis", "elasticsearch", "cassandra")
PORTS = (*SERVERS, "kafka_controller", "elasticsearch_transport", "cassandra_storage")


CLIENTS_FROM = 32_768
"""The first port that connections are given. One of those could be taken while its server is down."""


def free_ports(count: int) -> list[int]:
    """Held all at once, so that they differ."""
    chance = random.SystemRandom()
    with ExitStack() as held:
        ports: list[int] = []
        while len(ports) < count:
            port = chance.randrange(20_000, CLIENTS_FROM)
            with suppress(OSError):
                held.enter_context(socket.socket()).bind(("127.0.0.1", port))
                ports.append(port)
        return ports


class Stack:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ports = dict(zip(PORTS, free_ports(len(PORTS)), strict=True))

    def run(self, command: str, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        ports = {f"KONTOR_STACK_{name.upper()}_PORT": str(port) for name, port in self.ports.items()}
        return subprocess.run(
            [str(ROOT / "stack" / command), *arguments],
            env={**os.environ, **ports, "KONTOR_STACK": str(self.folder), **variables},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    def do(self, command: str, *arguments: str) -> str:
        """Runs it and expects it to go well."""
        done = self.run(command, *arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def status(self) -> dict[str, dict[str, Any]]:
        states: dict[str, dict[str, Any]] = json.loads(self.run("status", "--json").stdout)
        return states

    def environment(self) -> dict[str, str]:
        """What ``stack/env`` would export."""
        exports = [shlex.split(line) for line in self.do("env").splitlines() if line.startswith("export ")]
        return dict(word.split("=", 1) for _, word in exports)

    def pids(self) -> dict[str, int]:
        return {name: state["pid"] for name, state in self.status().items() if state["state"] == "up"}
