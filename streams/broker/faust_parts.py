"""What Faust does for each message and nobody here asks for, left out, by settings that it has for it."""

from __future__ import annotations

from typing import Any

import faust
from faust.sensors import Monitor


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
