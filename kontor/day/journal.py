"""What buyers were told, written down outside of what is killed, and held against the log in the evening.

A file and not memory: it grows all day, and is what one wants to read when a promise turns out to be broken.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from commands.store.port import Row
from domain.orders import order
from kontor.day.plan import Acknowledged
from kontor.day.proof import Proof
from kontor.settings import Settings

LOST = "nothing acknowledged lost"
LINES = 200
"""Written at once."""
_encode = msgspec.json.encode
_decode = msgspec.json.Decoder(Acknowledged).decode


class Journal:
    """A line for each change that was acknowledged, in the order in which it was heard of."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.written = 0
        self._lines: list[bytes] = []
        """Not in the file yet."""
        path.write_bytes(b"")

    @classmethod
    def beside(cls, settings: Settings) -> Journal:
        """Beside the data folder, which is the service's own."""
        settings.data.parent.mkdir(parents=True, exist_ok=True)
        return cls(settings.data.with_name(f"{settings.data.name}-journal.jsonl"))

    def write(self, one: Acknowledged) -> None:
        self._lines.append(_encode(one) + b"\n")
        self.written += 1
        if len(self._lines) >= LINES:
            self._flush()

    def __iter__(self) -> Iterator[Acknowledged]:
        """From the beginning."""
        self._flush()
        with self.path.open("rb") as lines:
            for line in lines:
                yield _decode(line)

    def _flush(self) -> None:
        with self.path.open("ab") as file:
            file.writelines(self._lines)
        self._lines.clear()


class InTheLog:
    """Where the events of carts and orders are; taken in as the log is read."""

    def __init__(self) -> None:
        self.head = 0
        self._positions: dict[str, list[int]] = {}
        """Of a stream's versions, from the first."""

    def take(self, rows: Iterable[Row]) -> None:
        for row in rows:
            self.head = row.position
            if row.stream.startswith(("crt_", "ord_")):
                self._positions.setdefault(row.stream, []).append(row.position)

    def position_of(self, stream: str, version: int) -> int:
        """0 if the log has no such event."""
        positions = self._positions.get(stream, [])
        return positions[version - 1] if 0 < version <= len(positions) else 0


def prove_acknowledged(proof: Proof, journal: Iterable[Acknowledged], log: InTheLog, orders: Mapping[str, Any]) -> None:
    """What was acknowledged is in the log; of orders also where it was said to be, or before."""
    for one in journal:
        what = f"{one.stream} version {one.version}"
        at = log.position_of(one.stream, one.version)
        proof.require(LOST, at > 0, f"{what} was acknowledged, and the log has none such")
        proof.require(LOST, one.position <= log.head, f"{what}: the log was at {one.position} and is at {log.head}")
        # A cart is read again to be shown, and may have moved on by then.
        late = one.stream.startswith("ord_") and at > one.position
        proof.require(LOST, not late, f"{what} was acknowledged at {one.position}, and came to be at {at}")
        if one.called_off:
            stands = not isinstance(orders.get(one.stream), order.CancelledOrder)
            proof.require(LOST, not stands, f"{one.stream} was called off, and stands")
