"""A relay or a worker as a process of its own, to be killed: ``python -m tests.streams.broker.process '<json>'``."""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from commands.store.sqlite import SQLiteLog
from streams.broker.intake import Intake
from streams.broker.relay import Relay
from streams.broker.topic import Topic
from tests.architecture.sources import ROOT
from tests.streams.broker.sink import SQLiteSink


class Process:
    def __init__(self, folder: Path, what: str, topic: Topic, **options: Any) -> None:
        order = {"what": what, "folder": str(folder), "servers": topic.servers, "topic": topic.name}
        order |= {"partitions": topic.partitions, **options}
        self.output = folder / f"{what}-{options.get('instance', '')}.out"
        with self.output.open("a") as output:
            self.popen = subprocess.Popen(
                [sys.executable, "-m", "tests.streams.broker.process", json.dumps(order)],
                cwd=ROOT,
                stdout=output,
                stderr=output,
            )

    def stop(self) -> None:
        """SIGTERM, without waiting."""
        self.popen.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.popen.kill()
        self.popen.wait()

    def end(self) -> None:
        """SIGTERM must lead to a clean end."""
        self.stop()
        assert self.popen.wait(30) == 0, self.output.read_text()[-3000:]


async def _main(order: dict[str, Any]) -> None:
    log = SQLiteLog.open(Path(order["folder"]) / "log.db")
    topic = Topic(order["servers"], order["topic"], order["partitions"])
    running = _relay(log, topic) if order["what"] == "relay" else _worker(log, topic, order)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, running[0])
    await running[1]
    await log.close()


def _relay(log: SQLiteLog, topic: Topic) -> tuple[Any, Any]:
    from streams.broker.outlet import Outlet

    relay = Relay(log, Outlet(topic))
    return relay.stop, relay.run()


def _worker(log: SQLiteLog, topic: Topic, order: dict[str, Any]) -> tuple[Any, Any]:
    writes = random.Random(order["seed"]).randrange(1, 12) if order.get("dies") else 0

    def after_write() -> None:
        nonlocal writes
        writes -= 1
        if writes == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    sink = SQLiteSink(Path(order["folder"]) / "sink.db", order["instance"], after_write)
    source = source_of(order["source"], topic, order["group"], order["instance"])
    return source.stop, source.run(Intake(sink, log, topic.partitions))


def source_of(kind: str, topic: Topic, group: str, instance: str) -> Any:
    if kind == "faust":
        from streams.broker.faust_source import FaustSource

        return FaustSource(topic, group, instance)
    from streams.broker.kafka_source import KafkaSource

    return KafkaSource(topic, group, instance)


if __name__ == "__main__":
    asyncio.run(_main(json.loads(sys.argv[1])))
