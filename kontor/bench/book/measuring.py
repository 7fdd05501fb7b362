"""Runs benchmarks, each in a process of its own: one that fails ends only itself, and weighs only its own memory."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from kontor import console
from kontor.bench.book.case import Case
from kontor.bench.book.machine import pace
from kontor.bench.book.runs import FAILED, LEFT_OUT, MEASURED, Measured

STOP_S = 60
"""For what it has begun on servers to be deleted, after it was told to end."""


class Manner(NamedTuple):
    files: Mapping[str, Path | None]
    environment: Mapping[str, str]
    small: bool = False
    repeat: int = 1


class Output(NamedTuple):
    lines: list[dict[str, Any]]
    problem: str = ""


def command(case: Case, manner: Manner) -> list[str]:
    file = manner.files.get(case.file)
    options = [*([str(file)] if file else []), *case.options, *(case.small if manner.small else ())]
    return [sys.executable, "-m", "kontor", "bench", case.bench, *options]


def lacking(case: Case, manner: Manner) -> str:
    """What it would need and has not got; nothing if it can run."""
    variables = [name for name in case.needs if not manner.environment.get(name)]
    if variables:
        return f"{', '.join(variables)} not set"
    if case.file and not manner.files.get(case.file):
        return f"no --{case.file} FILE"
    return ""


def measure(case: Case, manner: Manner) -> Measured:
    """As often as the manner says; all of it has failed if one has."""
    if why := lacking(case, manner):
        return Measured(case.name, LEFT_OUT, why)
    before, began, lines = pace(), time.perf_counter(), []
    for _ in range(manner.repeat):
        said = listen(command(case, manner), case.minutes * 60)
        if said.problem:
            return Measured(case.name, FAILED, said.problem, (), round(time.perf_counter() - began, 1), before)
        lines += said.lines
    return Measured(case.name, MEASURED, "", tuple(lines), round(time.perf_counter() - began, 1), before)


def listen(command: Sequence[str], seconds: float) -> Output:
    """The JSON lines that the process prints; everything goes on to the terminal. It is ended after so many seconds."""
    lines, late = [], threading.Event()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None

        def end() -> None:
            late.set()
            process.send_signal(signal.SIGINT)
            try:
                process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()

        watch = threading.Timer(seconds, end)
        watch.start()
        try:
            for text in process.stdout:
                console.out.print(text.rstrip("\n"), markup=False)
                if line := _line(text):
                    lines.append(line)
            code = process.wait()
        finally:
            watch.cancel()
    if late.is_set():
        return Output([], f"not done after {seconds:g} s")
    if code:
        return Output([], f"ended with {code}")
    return Output(lines) if lines else Output([], "said nothing")


def _line(text: str) -> dict[str, Any] | None:
    try:
        found = msgspec.json.decode(text)
    except msgspec.DecodeError:
        return None
    return found if isinstance(found, dict) and "bench" in found else None
