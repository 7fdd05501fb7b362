"""Processes as ``/proc`` shows them."""

from __future__ import annotations

import os
import re
import signal
import time
from contextlib import suppress
from pathlib import Path

PROC = Path("/proc")


def stat(pid: int) -> list[str]:
    """The fields after the command's name: state, parent, …; empty when there is no such process."""
    try:
        return (PROC / str(pid) / "stat").read_text(errors="replace").rsplit(")", 1)[1].split()
    except OSError:
        return []


def started(pid: int) -> int | None:
    """When the process began, in ticks since the machine did: with the pid it names one process only.

    ``None`` when there is none, or only a zombie that nobody has waited for.
    """
    fields = stat(pid)
    return int(fields[19]) if fields and fields[0] not in "ZX" else None


def zombie(pid: int) -> bool:
    return stat(pid)[:1] == ["Z"]


def boot() -> str:
    return (PROC / "sys/kernel/random/boot_id").read_text().strip()


def tree(pid: int) -> list[int]:
    """The process and all that descends from it, parents first."""
    children: dict[int, list[int]] = {}
    for entry in PROC.iterdir():
        if entry.name.isdigit() and (fields := stat(int(entry.name))):
            children.setdefault(int(fields[1]), []).append(int(entry.name))
    found = [pid]
    for member in found:
        found += children.get(member, [])
    return found


def resident(pid: int) -> int:
    """The bytes in memory of the whole tree. What its processes may share is counted once, as the largest has it."""
    used: dict[str, list[int]] = {"RssAnon": [0], "RssFile": [0], "RssShmem": [0]}
    for member in tree(pid):
        with suppress(OSError):
            status = (PROC / str(member) / "status").read_text()
            for kind, kilobytes in re.findall(r"^(Rss\w+):\s+(\d+) kB", status, re.MULTILINE):
                used[kind].append(int(kilobytes) * 1024)
    return sum(used["RssAnon"]) + max(used["RssFile"]) + max(used["RssShmem"])


def kill(pid: int) -> None:
    """SIGKILL for the process and its descendants; returns when all of them are gone."""
    members = {member: started(member) for member in tree(pid)}
    for member in members:
        with suppress(ProcessLookupError):
            os.kill(member, signal.SIGKILL)
    while any(begin is not None and started(member) == begin for member, begin in members.items()):
        time.sleep(0.01)


def listener(port: int) -> str:
    """Who listens on a TCP port, as far as we are allowed to see: ``pid 4711 (java)``."""
    inodes = set()
    for table in ("tcp", "tcp6"):
        with suppress(OSError):
            rows = [line.split() for line in (PROC / "net" / table).read_text().splitlines()[1:]]
            inodes |= {row[9] for row in rows if row[3] == "0A" and int(row[1].rsplit(":", 1)[1], 16) == port}
    for file in PROC.glob("[0-9]*/fd/*"):
        with suppress(OSError):
            if (link := os.readlink(file)).startswith("socket:[") and link[8:-1] in inodes:
                owner = file.parent.parent
                return f"pid {owner.name} ({(owner / 'comm').read_text().strip()})"
    return "another process"
