"""A source on Faust: one thin agent that takes messages in batches and acknowledges them once the sink has them.

What is set and why, learned by measuring:

- ``noack_take``: ``take`` and one-by-one iteration acknowledge a batch whose body raised.
- Acknowledged in order, one agent: Faust commits past an offset that was left out.
- ``client_only`` once a handler gave up: an agent that ends acknowledges what it was not handed any more, and stopping
  would commit that.
- A static instance id and a session of 6 s: after a kill the partitions are taken over in seconds, not in a minute.
- No standby tables: only then partitions are dealt out in turn. Faust's own assignor leaves a third worker of four
  partitions with none.
- Faust passes over messages below the offset that it knows, which are all of a topic that was made anew: watched for.
- ``exactly_once`` and tables are not used: the sink is idempotent by position, and the offsets are only a bookmark.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections import defaultdict
from typing import Any

import faust
import structlog

from streams.broker.errors import BrokerUnavailable
from streams.broker.faust_parts import AsItIs, NoMonitor, StraightConsumer
from streams.broker.intake import Intake
from streams.broker.messages import Message, read
from streams.broker.source import COMMIT_S, HEARTBEAT_S, MESSAGES, METADATA_S, SESSION_S, WITHIN_S, Source
from streams.broker.topic import Topic

BUFFER = 65_536
"""Messages between Faust's fetcher and the agent."""
STOP_S = 15.0
LOOK_S = 2.0
"""Between two looks for a partition that ends before what is known of it."""

log = structlog.get_logger("faust_source")


class FaustSource(Source):
    def __init__(self, topic: Topic, group: str, instance: str, within: float = WITHIN_S) -> None:
        super().__init__(topic, group, instance, within)
        self._failure: Exception | None = None

    async def _consume(self, intake: Intake) -> None:
        self._failure = None
        with tempfile.TemporaryDirectory(prefix="kontor-faust-") as folder:
            app = self._app(folder)
            self._agent(app, intake)
            looking: asyncio.Task[None] | None = None
            try:
                await app.start()
                looking = asyncio.create_task(_begin_anew_where_it_ends_early(app), name="faust-offsets")
                await app.wait(self._stopping)
            except (Exception, asyncio.CancelledError) as error:  # whatever Faust makes of a broker that is away
                _pass_on_our_own(error)
                raise BrokerUnavailable(repr(error)) from error
            finally:
                if looking is not None:
                    looking.cancel()
                    await asyncio.wait([looking])
                await self._end(app)
        if self._failure is not None:
            raise self._failure
        if not self._stopping.is_set():
            raise BrokerUnavailable(f"faust stopped: {app.crash_reason!r}")

    def _app(self, folder: str) -> Any:
        app: Any = faust.App(
            self._group,
            broker=[f"kafka://{server}" for server in self._topic.servers.split(",")],
            datadir=folder,
            store="memory://",
            web_enabled=False,
            topic_partitions=self._topic.partitions,
            topic_disable_leader=True,
            topic_allow_declare=False,
            table_standby_replicas=0,
            consumer_group_instance_id=self._instance,
            consumer_auto_offset_reset="earliest",
            consumer_metadata_max_age_ms=int(METADATA_S * 1000),
            broker_session_timeout=SESSION_S,
            broker_heartbeat_interval=HEARTBEAT_S,
            broker_commit_interval=COMMIT_S,
            stream_wait_empty=True,
            stream_buffer_maxsize=BUFFER,
            cython_optimizations=True,
            worker_redirect_stdouts=False,
            Monitor=NoMonitor,
        )
        app.transport.Consumer = StraightConsumer
        return app

    def _agent(self, app: Any, intake: Intake) -> None:
        topic = app.topic(self._topic.name, schema=AsItIs())

        async def project(stream: Any) -> None:
            async for events in stream.noack_take(MESSAGES, within=self._within):
                try:
                    await intake.take(_by_partition(events))
                except Exception as error:
                    self._failure = error
                    app.client_only = True
                    await app.crash(error)
                    return
                for event in events:
                    event.ack()

        app.agent(topic, name=f"{self._group}.project", concurrency=1)(project)

        async def assigned(_: Any, partitions: Any, **__: Any) -> None:
            self._assigned([each.partition for each in partitions], intake)

        app.on_partitions_assigned.connect(assigned, weak=False)

    async def _end(self, app: Any) -> None:
        """Offsets of what was acknowledged are committed; a crashed app is not waited for."""
        try:
            async with asyncio.timeout(STOP_S):
                await app.stop()
        except (Exception, asyncio.CancelledError) as error:
            _pass_on_our_own(error)
            log.warning("faust_did_not_stop", error=repr(error))


def _pass_on_our_own(error: BaseException) -> None:
    """Faust lets through that its consumer's thread was cancelled, which looks as if we were. Raises it if we are."""
    task = asyncio.current_task()
    if isinstance(error, asyncio.CancelledError) and task is not None and task.cancelling():
        raise error


async def _begin_anew_where_it_ends_early(app: Any) -> None:
    """Until cancelled. What comes twice for it is dropped by the intake."""
    while True:
        await asyncio.sleep(LOOK_S)
        try:
            for partition in set(app.consumer.assignment()):
                await _begin_anew(app.consumer, partition)
        except Exception as error:  # whatever Faust makes of partitions that are just being taken away
            log.debug("offsets_unknown", error=repr(error))


async def _begin_anew(consumer: Any, partition: Any) -> None:
    known = consumer._read_offset.get(partition)  # nothing that Faust shows tells it
    end = consumer.highwater(partition)
    if known is not None and end is not None and known > end:
        log.warning("topic_begins_anew", partition=partition.partition, known=known, end=end)
        await consumer.seek(partition, 0)


def _by_partition(events: Any) -> dict[int, list[Message]]:
    batches: dict[int, list[Message]] = defaultdict(list)
    for event in events:
        message = event.message
        if told := read(message.headers, message.value):
            batches[message.partition].append(told)
    return batches
