"""``kontor bench``: measurements, each beside its limit. Not tests: nothing here asserts an absolute time."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module

BENCHES = {
    "append": "append",
    "hot-sku": "hot_sku",
    "http-hot-sku": "http_hot_sku",
    "drop": "drop",
    "checkout": "checkout",
    "import": "imports",
    "feeds": "feeds",
    "history": "history",
    "growth": "growth",
    "quote": "quote",
    "replay": "replay",
    "replay-full": "replay_full",
    "relay": "relay",
    "worker": "worker",
    "worker-sink": "worker_sink",
    "cassandra-sink": "cassandra_sink",
    "redis-sink": "redis_sink",
    "lag": "lag",
    "logs": "logs",
    "reads": "reads",
    "prices": "prices",
    "discovery": "discovery",
    "search": "search",
    "day": "day",
    "force": "force",
    "overload": "overload",
}
"""Name on the command line, and module. ``history`` measures ``start`` and ``memory``."""
ALIASES = {"start": "history", "memory": "history"}


def run_bench(name: str, arguments: Sequence[str] = ()) -> None:
    from kontor import console
    from kontor.loop import run

    name = ALIASES.get(name, name)
    if name != "all" and name not in BENCHES:
        console.fail(f"no such benchmark: {name!r}; one of {', '.join((*BENCHES, *ALIASES))}, all", 2)
    console.configure_logs("warning")
    if name == "all":
        from kontor.bench.book.command import run_all

        run_all(arguments)
    else:
        run(import_module(f"kontor.bench.{BENCHES[name]}").run(*arguments))
