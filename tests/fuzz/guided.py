"""Fuzzing that is led by coverage: an input that makes the code go from one line to another as none did before is kept,
and changed further.

With ``sys.settrace`` and in the files of interest alone: no other package needs to be there, and msgspec's C, of which
a native fuzzer would see more, is not ours. Inputs are changed as bytes and, where they are documents, by their values,
or hardly any would come past the decoder.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from types import FrameType, ModuleType
from typing import Any, NamedTuple

Edge = tuple[str, int, int]
"""File, and the lines from and to which it went; 0 is outside of the function."""
INTERESTING = (0, 1, -1, 255, 2**31, 2**63 - 1, -(2**63), 2**64 - 1, 0.5, "", "x" * 300, "\u0000", None, True, [], {})
DEEP = 3_000


class Broken(NamedTuple):
    """An input, and what it raised that may not come."""

    data: bytes
    error: Exception


class Hunt(NamedTuple):
    broken: Broken | None
    kept: list[bytes]
    """The seeds, and what led somewhere new."""
    edges: int


class Document(NamedTuple):
    """How bytes are read as values and written again; ``read`` may raise anything."""

    read: Callable[[bytes], Any]
    write: Callable[[Any], bytes]


def hunt(
    target: Callable[[bytes], object],
    seeds: Sequence[bytes],
    modules: Sequence[ModuleType],
    allowed: tuple[type[Exception], ...],
    runs: int,
    chance: Random,
    document: Document,
) -> Hunt:
    """Until something is raised that is not ``allowed``, or so many inputs were tried."""
    lines = Lines(modules)
    kept, seen = list[bytes](), set[Edge]()

    def tried(data: bytes, keep: bool) -> Broken | None:
        error = lines.of(target, data)
        if error is not None and not isinstance(error, allowed):
            return Broken(data, error)
        if keep or not lines.edges <= seen:
            kept.append(data)
        seen.update(lines.edges)
        return None

    for seed in seeds:
        if (broken := tried(seed, keep=True)) is not None:
            return Hunt(broken, kept, len(seen))
    for _ in range(runs):
        # What was found last leads on more often than what everything began with.
        some = kept[-20:] if chance.random() < 0.5 else kept
        data = chance.choice(some)
        for _ in range(chance.choice((1, 1, 2, 4))):
            data = changed(data, kept, chance, document)
        if (broken := tried(data, keep=False)) is not None:
            return Hunt(broken, kept, len(seen))
    return Hunt(None, kept, len(seen))


class Lines:
    """Follows a call through the lines of some modules."""

    def __init__(self, modules: Sequence[ModuleType]) -> None:
        self.edges: set[Edge] = set()
        """Of the last call."""
        self._files = {str(Path(str(module.__file__)).resolve()) for module in modules}

    def of(self, target: Callable[[bytes], object], data: bytes) -> Exception | None:
        """What it raised."""
        self.edges = set()
        before = sys.gettrace()
        sys.settrace(self._enter)
        try:
            target(data)
        except Exception as error:
            return error
        finally:
            sys.settrace(before)
        return None

    def _enter(self, frame: FrameType, event: str, argument: Any) -> Any:
        file = frame.f_code.co_filename
        if file not in self._files:
            return None
        last = 0
        edges = self.edges

        def step(frame: FrameType, event: str, argument: Any) -> Any:
            nonlocal last
            if event == "line":
                edges.add((file, last, frame.f_lineno))
                last = frame.f_lineno
            return step

        return step


def changed(data: bytes, kept: Sequence[bytes], chance: Random, document: Document) -> bytes:
    if chance.random() < 0.6:
        try:
            value = document.read(data)
            return document.write(_another(value, chance))
        except Exception:  # no document any more, or one that cannot be written
            pass
    return _other_bytes(data, kept, chance)


def _other_bytes(data: bytes, kept: Sequence[bytes], chance: Random) -> bytes:
    at, length = chance.randint(0, len(data)), chance.choice((1, 1, 2, 8, 64))
    match chance.randrange(5):
        case 0:
            return data[:at] + chance.randbytes(length) + data[at + length :]
        case 1:
            return data[:at] + data[at + length :]
        case 2:
            return data[:at] + chance.randbytes(length) + data[at:]
        case 3:
            return data[:at]
        case _:
            other = chance.choice(kept)
            return data[:at] + other[chance.randint(0, len(other)) :]


def _another(value: Any, chance: Random) -> Any:
    """With one of its values, or its parts, replaced, left out, repeated, or buried."""
    if isinstance(value, dict) and value and chance.random() < 0.85:
        key = chance.choice(sorted(value, key=repr))
        rest = {name: one for name, one in value.items() if name != key}
        match chance.randrange(6):
            case 0:
                return rest
            case 1:
                return rest | {f"{key}x": value[key]}
            case 2:
                return {**value, key: value[chance.choice(sorted(value, key=repr))]}
            case _:
                return {**value, key: _another(value[key], chance)}
    if isinstance(value, list) and value and chance.random() < 0.85:
        at = chance.randrange(len(value))
        match chance.randrange(6):
            case 0:
                return value[:at] + value[at + 1 :]
            case 1:
                return [*value, value[at]]
            case _:
                return [*value[:at], _another(value[at], chance), *value[at + 1 :]]
    if chance.random() < 0.02:
        return _buried(value, DEEP)
    return chance.choice(INTERESTING)


def _buried(value: Any, deep: int) -> Any:
    for _ in range(deep):
        value = [value]
    return value
