"""What a process takes in before it looks at a command."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from commands.context import system_context
from commands.engine import Engine
from commands.store.memory import MemoryLog
from domain.inventory.inventory import ReceiveStock
from readapi.edge.pressure import Pressure
from tests.e2e.house import in_process

STOCK = "stk_shp_a.pen"


def received(engine: Engine) -> Any:
    return engine.submit(ReceiveStock(STOCK, 1, 1), system_context("test", 1))


@pytest.fixture
async def engine():
    started = Engine(MemoryLog())
    await started.start()
    yield started
    await started.close()


async def test_what_another_process_wrote_is_taken_in(engine: Engine):
    other = Engine(engine.log)
    await other.start()
    await engine.state(STOCK, keep_absent=True)
    await received(other)
    await engine.abreast()
    assert (await engine.state(STOCK)).on_hand == 1
    await other.close()


async def test_our_own_batch_that_others_have_read_already_is_waited_for(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
):
    """Between its commit and its landing a batch is in the log, and not yet known here."""
    fly, committed, may_land = engine._fly, asyncio.Event(), asyncio.Event()

    async def late(batch: Any, transaction: Any, writing: Any) -> bool:
        await writing
        committed.set()
        await may_land.wait()

        async def written() -> None: ...

        return await fly(batch, transaction, written())

    monkeypatch.setattr(engine, "_fly", late)
    asking = received(engine)
    await committed.wait()
    assert await engine.log.head() > engine.position
    catching = asyncio.create_task(engine.abreast())
    await asyncio.sleep(0.01)
    assert not catching.done()
    may_land.set()
    await catching
    assert (await engine.state(STOCK)).on_hand == 1
    await asking


async def test_who_is_refused_for_the_load_costs_no_look_at_the_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """And nobody waits for it who is not counted among those inside."""
    looked: list[Engine] = []

    async def look(engine: Engine) -> None:
        looked.append(engine)

    monkeypatch.setattr(Engine, "abreast", look)
    async with in_process(tmp_path / "data") as house:
        assert (await house.http.post("/api/cart/items", json={})).status_code == 422
        assert len(looked) == 1
        monkeypatch.setattr(Pressure, "enter", lambda _: False)
        assert (await house.http.post("/api/cart/items", json={})).status_code == 503
        assert len(looked) == 1
