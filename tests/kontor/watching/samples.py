"""The metrics of a process, by name and labels."""

from __future__ import annotations

import asyncio


async def at_rest(http):
    """The numbers once nothing is queued: the sweeper, for one, has commands of its own."""
    for _ in range(500):
        samples = await numbers(http)
        if not samples["kontor_queue_depth"]:
            break
        await asyncio.sleep(0.01)
    return samples


async def numbers(http) -> dict[str, float]:
    return parse((await http.get("/metrics")).text)


def parse(text: str) -> dict[str, float]:
    samples = (line.rpartition(" ") for line in text.splitlines() if not line.startswith("#"))
    return {name: float(value) for name, _, value in samples}
