"""The servers of ``stack/``, to be killed and started again."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.full.processes import ROOT
from tests.needed import VARIABLES, absent


class Servers:
    """Commands of ``stack/``, run while the event loop goes on."""

    def require(self) -> None:
        """Those that the environment names must be those that we may kill. Fails in CI and skips elsewhere."""
        status = subprocess.run([str(ROOT / "stack" / "status"), "--json"], capture_output=True, text=True, check=False)
        running = {name: state.get("address") for name, state in json.loads(status.stdout or "{}").items()}
        others = [name for name, variable in VARIABLES.items() if running.get(name) != os.environ.get(variable)]
        if others:
            absent(f"needs the servers of stack/ to kill them, and these are others or down: {', '.join(others)}")

    @asynccontextmanager
    async def without(self, *names: str) -> AsyncIterator[None]:
        """Killed, and up again when the block ends, however it does."""
        await self._run("kill", *names)
        try:
            yield
        finally:
            await self._run("up", *names)

    async def _run(self, command: str, *names: str) -> None:
        process = await asyncio.create_subprocess_exec(
            str(ROOT / "stack" / command), *names, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        said, _ = await process.communicate()
        assert process.returncode == 0, said.decode()
