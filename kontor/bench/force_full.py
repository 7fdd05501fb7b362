"""``force --profile full``: every process dies at times of its own, and with ``--servers`` every server does."""

from __future__ import annotations

import asyncio
import subprocess
import time
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

from kontor.bench.day_full import OTHERS, FullSurroundings
from kontor.bench.deployment import READY_S, Deployment, deployed
from kontor.bench.force import endure
from kontor.day.crashing import Stuck
from kontor.day.plan import Plan

PROCESS_EVERY_S, PROCESS_AWAY_S = 5.0, 3.0
"""Between two deaths on average, and the longest until it begins again."""
SERVER_EVERY_S, SERVER_AWAY_S = 20.0, 5.0
SERVERS = ("postgres", "kafka", "redis", "elasticsearch", "cassandra")
TROUBLED_S = 60.0
"""So long after a server came back whoever ended without it is begun again; later it is a fault."""


async def run(plan: Plan, seconds: float, servers: Path | None) -> dict[str, Any]:
    async with deployed(*OTHERS, reconcile_every=0, rate_limits=False) as deployment:
        return await endure(
            plan, Force(deployment, plan.seed, Servers(servers, plan.seed) if servers else None), seconds
        )


class Servers:
    """Killed and started again by the commands of ``stack/``, one at a time."""

    def __init__(self, commands: Path, seed: int) -> None:
        self.struck: Counter[str] = Counter()
        self.back_at = -TROUBLED_S
        """When the last one answered again, of the monotonic clock."""
        self._commands = commands
        self._chance = Random(f"{seed}/servers")
        self._next = time.monotonic() + self._pause()
        self._away = ""
        self._starting: subprocess.Popen[bytes] | None = None

    @property
    def troubled(self) -> bool:
        return bool(self._away) or time.monotonic() < self.back_at + TROUBLED_S

    def look(self) -> None:
        """Raises Stuck for one that does not start."""
        if self._starting is not None:
            self._is_it_back(self._starting)
        elif time.monotonic() < self._next:
            pass
        elif self._away:
            self._starting = self._command("up", self._away)
        else:
            fewest = min(self.struck[name] for name in SERVERS)
            self._away = self._chance.choice([name for name in SERVERS if self.struck[name] == fewest])
            self.struck[self._away] += 1
            self._command("kill", self._away).wait()
            self._next = time.monotonic() + self._chance.random() * SERVER_AWAY_S

    def all_back(self) -> None:
        """Raises Stuck."""
        if self._away and self._starting is None:
            self._starting = self._command("up", self._away)
        if self._starting is not None:
            self._starting.wait()
            self._is_it_back(self._starting)
        self._next = float("inf")

    def _is_it_back(self, starting: subprocess.Popen[bytes]) -> None:
        code = starting.poll()
        if code is None:
            return
        if code:
            raise Stuck(f"stack/up {self._away} exits with {code}")
        self._starting, self._away = None, ""
        self.back_at = time.monotonic()
        self._next = self.back_at + self._pause()

    def _pause(self) -> float:
        return self._chance.expovariate(1 / SERVER_EVERY_S)

    def _command(self, command: str, name: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [str(self._commands / command), name], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )


class Force(FullSurroundings):
    def __init__(self, deployment: Deployment, seed: int, servers: Servers | None) -> None:
        super().__init__(deployment, seed)
        self._servers = servers
        self._next = time.monotonic()
        self._begins: dict[str, float] = {}
        """Who is dead, and when it is to begin again."""
        self._alone: Counter[str] = Counter()

    @property
    def troubled(self) -> bool:
        return self._servers is not None and self._servers.troubled

    def strike(self) -> None:
        """They have times of their own."""

    def look(self) -> None:
        if self._servers is not None:
            self._servers.look()
        self._begin_whoever_is_due()
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + self._chance.expovariate(1 / PROCESS_EVERY_S)
        if alive := [name for name in OTHERS if name not in self._begins]:
            fewest = min(self._struck[name] for name in alive)
            name = self._chance.choice([name for name in alive if self._struck[name] == fewest])
            self._struck[name] += 1
            self._deployment.kill(name)
            self._begins[name] = now + self._chance.random() * PROCESS_AWAY_S

    def _begin_whoever_is_due(self) -> None:
        """As a supervisor does, who begins those that ended by themselves as well."""
        now = time.monotonic()
        for name in OTHERS:
            if name in self._begins:
                if now >= self._begins[name]:
                    del self._begins[name]
                    self._deployment.begin(name)
            elif self._deployment.ended(name):
                if not self.troubled:
                    raise Stuck(f"{name} has ended by itself:\n{self._deployment.said(name)[-3000:]}")
                self._alone[name] += 1
                self._begins[name] = now + 1.0

    async def calm(self) -> None:
        """Whoever is away comes back, and those of whom it has need begin once more."""
        if self._servers is not None:
            self._servers.all_back()
        self._begins = dict.fromkeys(self._begins, 0.0)
        until = time.monotonic() + READY_S
        while True:
            self._begin_whoever_is_due()
            if not self._begins and all("ready" in self._deployment.said(name) for name in OTHERS):
                break
            if time.monotonic() > until:
                raise Stuck(f"not all are ready {READY_S:.0f} s after the last was killed")
            await asyncio.sleep(0.2)
        await super().calm()

    def figures(self) -> dict[str, Any]:
        told = {**super().figures(), "processes_killed": dict(sorted(self._struck.items()))}
        del told["killed_with_it"]
        if self._servers is not None:
            told |= {"servers_killed": dict(sorted(self._servers.struck.items()))}
            told |= {"ended_without_a_server": dict(sorted(self._alone.items()))}
        return told
