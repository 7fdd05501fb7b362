"""A log to relay: events of many streams, appended without an engine, quickly."""

from __future__ import annotations

import random

from commands.mapper import record
from commands.store.port import EventLog
from domain.inventory.inventory import StockReceived
from domain.recorded import Meta

STREAMS = 60


async def grow(log: EventLog, count: int, chance: random.Random | None = None, streams: int = STREAMS) -> int:
    """Appends ``count`` events in one commit, each to a stream chosen at random; the position of the last."""
    chance = chance or random.Random(1)
    transaction = await log.begin()
    names = [f"stk_shp_test.SKU-{chance.randrange(streams):04d}" for _ in range(count)]
    loaded = await transaction.load(set(names))
    tips = {name: (rows[-1].version, rows[-1].hash) if (rows := loaded[name].rows) else (0, b"") for name in loaded}
    rows = []
    for position, name in enumerate(names, transaction.head + 1):
        version, digest = tips[name]
        meta = Meta(1, 1, "usr_test", f"cmd-{position}", name, "", "", digest)
        done, row = record(position, name, version + 1, StockReceived(position, "test"), meta)
        tips[name] = (done.version, done.hash)
        rows.append(row)
    await transaction.append(rows, (), ())
    await transaction.commit()
    return transaction.head + count
