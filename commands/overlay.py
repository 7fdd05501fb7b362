"""What batches have made of cached values before they are durable: the batch being decided, upon the one being written.

At most two batches are under way. The one in flight is decided and on its way to the disk; the next is decided upon its
results meanwhile. When the flight lands its values become committed ones; when it crashes, both are forgotten.
"""

from __future__ import annotations

from typing import Generic, TypeVar

Value = TypeVar("Value")


class Overlay(Generic[Value]):
    def __init__(self) -> None:
        self.deciding: dict[str, Value] = {}
        self.flying: dict[str, Value] = {}

    def get(self, key: str) -> Value | None:
        return self.deciding.get(key) or self.flying.get(key)

    def take_off(self) -> None:
        """What was decided is being written."""
        assert not self.flying, "one flight at a time"
        self.flying, self.deciding = self.deciding, {}

    def land(self) -> dict[str, Value]:
        """It was written: the values to keep."""
        landed, self.flying = self.flying, {}
        return landed

    def crash(self) -> None:
        """It was not written, so what was decided upon it never happened either."""
        self.flying, self.deciding = {}, {}

    def forget(self) -> None:
        """What is being decided will not be written."""
        self.deciding = {}
