"""Where things are kept and which ports are used: all that the environment can say."""

from __future__ import annotations

import os
from pathlib import Path

STACK = Path(__file__).resolve().parent.parent
"""The folder with the servers' configurations."""

PORTS = {
    "postgres": 15432,
    "kafka": 19092,
    "kafka_controller": 19093,
    "redis": 16379,
    "elasticsearch": 19200,
    "elasticsearch_transport": 19300,
    "cassandra": 19042,
    "cassandra_storage": 17000,
}
"""Another one: ``KONTOR_STACK_KAFKA_PORT=9092``. All of them for servers beside these: ``KONTOR_STACK_SHIFT=1000``."""

HOST = "127.0.0.1"


class Failure(Exception):
    """Something that a person has to put right: what went wrong, what the server said, what to do."""

    def __init__(self, problem: str, *, said: str = "", advice: str = "") -> None:
        super().__init__(problem)
        self.problem, self.said, self.advice = problem, said, advice


def folder() -> Path:
    """``$KONTOR_STACK``, where the servers' data, logs and pid files live."""
    return Path(os.environ.get("KONTOR_STACK") or STACK.parent / ".stack").absolute()


def cache() -> Path:
    """``$KONTOR_STACK_CACHE``, where downloads are kept; several checkouts may share it."""
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return Path(os.environ.get("KONTOR_STACK_CACHE") or home / "kontor-stack").absolute()


def number(variable: str, default: int, low: int, high: int) -> int:
    value = os.environ.get(variable) or str(default)
    if not (value.isascii() and value.isdigit() and low <= int(value) <= high):
        raise Failure(f"{variable}={value} is not a number from {low} to {high}")
    return int(value)


def port_variable(name: str) -> str:
    return f"KONTOR_STACK_{name.upper()}_PORT"


def port(name: str) -> int:
    return number(port_variable(name), PORTS[name] + number("KONTOR_STACK_SHIFT", 0, 0, 40_000), 1, 65535)


def patience() -> int:
    """``$KONTOR_STACK_WAIT``, the seconds that a server may take to answer after its start."""
    return number("KONTOR_STACK_WAIT", 120, 1, 3600)


def compiler() -> str:
    """``$KONTOR_STACK_COMPILER``: what turns the bytecode of the servers on the JVM into machine code.

    ``quick`` has the first of its two compilers alone: they start in a third of the time and take half the processor
    time in runs of minutes. ``full`` has both, as in earnest: faster after some minutes, so it is for measuring.
    """
    value = os.environ.get("KONTOR_STACK_COMPILER") or "quick"
    if value not in ("quick", "full"):
        raise Failure(f"KONTOR_STACK_COMPILER={value} is neither quick nor full")
    return value
