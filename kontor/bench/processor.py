"""Who used how much processor time, from ``/proc``: of Kontor's processes and of the servers on this machine."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

PROC = Path("/proc")
TICKS = os.sysconf("SC_CLK_TCK")
LISTENING = "0A"


class _Stat(NamedTuple):
    parent: int
    seconds: float
    """Its own, and that of children it has waited for."""


class Meter:
    """Processor seconds by name, since it was made. A process counts with everything that descends from it, but for
    what has a name of its own."""

    def __init__(self, pids: Mapping[str, int]) -> None:
        self._pids = dict(pids)
        self._began = self._used()

    def spent(self) -> dict[str, float]:
        now = self._used()
        return {name: now[name] - began for name, began in self._began.items() if name in now}

    def _used(self) -> dict[str, float]:
        stats = _stats()
        children: dict[int, list[int]] = {}
        for pid, stat in stats.items():
            children.setdefault(stat.parent, []).append(pid)

        named = set(self._pids.values())

        def tree(pid: int) -> float:
            return stats[pid].seconds + sum(tree(child) for child in children.get(pid, ()) if child not in named)

        return {name: tree(pid) for name, pid in self._pids.items() if pid in stats}


def _stats() -> dict[int, _Stat]:
    stats = {}
    for folder in PROC.iterdir():
        if folder.name.isdigit():
            try:
                line = (folder / "stat").read_text()
            except OSError:
                continue  # it has just ended
            # The name is in brackets and may hold anything, brackets too.
            fields = line[line.rindex(")") + 2 :].split()
            stats[int(folder.name)] = _Stat(int(fields[1]), sum(map(int, fields[11:15])) / TICKS)
    return stats


def listening(addresses: Mapping[str, str]) -> dict[str, int]:
    """The process behind each address, a URL or ``host:port``, if it runs on this machine and may be seen."""
    ports = {name: urlsplit(at if "//" in at else f"//{at}").port for name, at in addresses.items()}
    sockets = _sockets()
    owners = _owners({inode for inode in sockets.values()})
    found = {name: owners.get(sockets.get(port or 0, "")) for name, port in ports.items()}
    return {name: pid for name, pid in found.items() if pid is not None}


def _sockets() -> dict[int, str]:
    """Inodes of listening sockets by port."""
    inodes = {}
    for table in ("tcp", "tcp6"):
        lines = (PROC / "net" / table).read_text().splitlines()[1:] if (PROC / "net" / table).exists() else []
        for fields in map(str.split, lines):
            if fields[3] == LISTENING:
                inodes[int(fields[1].rpartition(":")[2], 16)] = f"socket:[{fields[9]}]"
    return inodes


def _owners(inodes: set[str]) -> dict[str, int]:
    """Of several processes that hold a socket, the first, whose descendants the others are."""
    owners: dict[str, int] = {}
    for pid in sorted(int(folder.name) for folder in PROC.iterdir() if folder.name.isdigit()):
        try:
            links = [os.readlink(link) for link in (PROC / str(pid) / "fd").iterdir()]
        except OSError:
            continue  # it has just ended, or is somebody else's
        for link in inodes.intersection(links):
            owners.setdefault(link, pid)
    return owners
