"""What a replay says while it works: a bar on a terminal, lines elsewhere, one JSON object a step for programs."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import msgspec

from kontor import console
from kontor.proving.comparing import Compared
from kontor.replay.gauges import Gauges
from kontor.replay.noting import Noting

EVERY_S = 1.0
"""Between two lines of JSON while events are folded."""


class Telling:
    def __init__(self, as_json: bool, gauges: Gauges | None = None, note: Noting | None = None) -> None:
        """``gauges`` are for collectors of metrics, ``note`` is for the console."""
        self._json = as_json
        self._gauges = gauges
        self._note = note

    def step(self, step: str, projection: str, text: str, **figures: Any) -> None:
        if self._note is not None:
            self._note.step(step, projection, text)
        self._show(step, projection, text, **figures)

    def _show(self, step: str, projection: str, text: str, **figures: Any) -> None:
        if self._json:
            line = msgspec.json.encode({"step": step, "projection": projection, **figures})
            console.out.print(line.decode(), markup=False)
        else:
            console.out.print(f"{projection}: {text}", markup=False)

    def compared(self, projection: str, one: Compared) -> None:
        """``found`` is live, ``expected`` new."""
        text = f"{one.what}: {one.found.count:,} live, digest {one.found.digest:016x}; {one.expected.count:,} new"
        text += f", digest {one.expected.digest:016x}; {one.different:,} differ"
        if one.newer:
            text += f"; {one.newer:,} moved on meanwhile"
        self.step(
            "compare",
            projection,
            text,
            what=one.what,
            live={"count": one.found.count, "digest": f"{one.found.digest:016x}"},
            new={"count": one.expected.count, "digest": f"{one.expected.digest:016x}"},
            newer=one.newer,
            different=one.different,
            differences=one.differences,
        )
        for difference in () if self._json else one.differences:
            console.out.print(f"  {difference}", markup=False)

    @contextmanager
    def counting(self, name: str, total: int, unit: str) -> Iterator[Callable[[int], None]]:
        """To be told how many of a total are done."""
        with self._counted(name, total, unit) as told:
            yield told if self._note is None else self._noted(self._note, name, total, told)

    def _noted(self, note: Noting, name: str, total: int, told: Callable[[int], None]) -> Callable[[int], None]:
        def both(done: int) -> None:
            note.counted(name, done, total)
            told(done)

        return both

    @contextmanager
    def _counted(self, name: str, total: int, unit: str) -> Iterator[Callable[[int], None]]:
        if not self._json:
            with console.progress(name, total, unit) as bar:
                yield bar
            return
        told_at, last = time.monotonic(), -1

        def told(done: int) -> None:
            nonlocal told_at, last
            if done != last and (done >= total or time.monotonic() - told_at >= EVERY_S):
                told_at, last = time.monotonic(), done
                self._show("fold", name, "", done=done, total=total)

        yield told

    def folding(self, name: str, way: Way, positions: Iterable[int]) -> None:
        """Goes through the positions and shows them, with rates and the time left."""
        if way.length <= 0:
            return
        if self._gauges is not None:
            positions = self._heard(name, way, positions, self._gauges)
        if self._note is not None:
            self._note.folding(name, way.figures(way.first))
            positions = self._heard(name, way, positions, self._note)
        if self._json:
            self._in_json(name, way, positions)
            return
        with console.progress(name, way.length, "events") as bar:
            for position in positions:
                bar(position - way.first, f"{way.rows_a_second():,.0f} rows/s")

    def _heard(self, name: str, way: Way, positions: Iterable[int], hearer: Gauges | Noting) -> Iterator[int]:
        for position in positions:
            hearer.folding(name, way.figures(position))
            yield position

    def _in_json(self, name: str, way: Way, positions: Iterable[int]) -> None:
        told_at = time.monotonic()
        position = way.first
        for position in positions:
            if time.monotonic() - told_at >= EVERY_S:
                told_at = time.monotonic()
                self._show("fold", name, "", **way.figures(position))
        self._show("fold", name, "", **way.figures(position))


class Way:
    """From one position to another, and how fast."""

    def __init__(self, first: int, upto: int, written: Any) -> None:
        """``written`` has ``rows``, which counts those written."""
        self.first = first
        self.upto = upto
        self._written = written
        self._rows = written.rows
        self._began = time.monotonic()

    @property
    def length(self) -> int:
        return self.upto - self.first

    def seconds(self) -> float:
        return max(time.monotonic() - self._began, 1e-6)

    def rows_a_second(self) -> float:
        return float(self._written.rows - self._rows) / self.seconds()

    def figures(self, position: int) -> dict[str, Any]:
        rate = (position - self.first) / self.seconds()
        return {
            "position": position,
            "upto": self.upto,
            "events_per_s": round(rate),
            "rows_per_s": round(self.rows_a_second()),
            "left_s": round((self.upto - position) / rate, 1) if rate else None,
        }
