"""What Faust does for each message and nobody here asks for, left out."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import faust
from faust.sensors import Monitor
from faust.transport.drivers import aiokafka


class AsItIs(faust.Schema[Any, Any]):
    """Keys and values are bytes and stay so: no serializers are looked up and called for each message."""

    def compile(self, app: Any, **_: Any) -> Any:
        create_event = app.create_event

        async def decode(message: Any, **_: Any) -> Any:
            return create_event(message.key, message.value, message.headers, message)

        return decode


class NoMonitor(Monitor):
    """Neither counts nor times messages: a worker's own metrics tell what there is to know."""

    def on_message_in(self, *_: Any) -> None: ...
    def on_message_out(self, *_: Any) -> None: ...
    def on_stream_event_in(self, *_: Any) -> None: ...
    def on_stream_event_out(self, *_: Any) -> None: ...


class StraightConsumer(aiokafka.Consumer):
    """Hands a message on by itself when that cannot block. Faust races four tasks for each, to be able to let go of one
    that waits while partitions are being dealt out anew: half of what it costs a message.

    What may block, and what is not the next of its partition, goes Faust's own way.
    """

    async def getmany(self, timeout: float) -> AsyncIterator[tuple[Any, Any]]:
        conductor: Any = self.app.topics
        async for partition, message in super().getmany(timeout):
            known = self._read_offset.get(partition)
            if known is not None and message.offset == known + 1 and self._flows(conductor, partition):
                await conductor._tp_to_callback[partition](message)
                self._read_offset[partition] = message.offset
            else:
                yield partition, message

    def _flows(self, conductor: Any, partition: Any) -> bool:
        """Partitions are not being dealt out, and no agent has as much before it as it may have."""
        if not self.app.flow_control.is_active() or conductor._tp_to_callback_lock.locked():
            return False
        channels = conductor._tp_index[partition] if partition in conductor._tp_to_callback else ()
        return bool(channels) and not any(channel.queue.full() for channel in channels)
