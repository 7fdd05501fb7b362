"""``kontor bench``: measurements, each beside its limit. Not tests: nothing here asserts an absolute time."""

from __future__ import annotations

import os
from collections.abc import Sequence
from importlib import import_module

BENCHES = {
    "append": "append",
    "hot-sku": "hot_sku",
    "http-hot-sku": "http_hot_sku",
    "checkout": "checkout",
    "import": "imports",
    "feeds": "feeds",
    "history": "history",
    "quote": "quote",
    "replay": "replay",
    "replay-full": "replay_full",
    "relay": "relay",
    "worker": "worker",
    "cassandra-sink": "cassandra_sink",
    "redis-sink": "redis_sink",
    "lag": "lag",
    "reads": "reads",
    "discovery": "discovery",
    "search": "search",
    "day": "day",
}
"""Name on the command line, and module. ``history`` measures ``start`` and ``memory``."""
NEED_A_SERVER = {
    "relay": "KONTOR_KAFKA",
    "worker": "KONTOR_KAFKA",
    "cassandra-sink": "KONTOR_CASSANDRA",
    "redis-sink": "KONTOR_REDIS_URL",
    "replay-full": "KONTOR_CASSANDRA",
    "lag": "KONTOR_CASSANDRA",
}
"""Left out of ``all`` where the variable that names the server is not set."""
ALIASES = {"start": "history", "memory": "history"}


def run_bench(name: str, arguments: Sequence[str] = ()) -> None:
    from kontor import console
    from kontor.running import run

    name = ALIASES.get(name, name)
    if name != "all" and name not in BENCHES:
        console.fail(f"no such benchmark: {name!r}; one of {', '.join((*BENCHES, *ALIASES))}, all", 2)
    console.configure_logs("warning")
    everything = [each for each in BENCHES if NEED_A_SERVER.get(each, "PATH") in os.environ]
    for chosen in everything if name == "all" else [name]:
        run(import_module(f"kontor.bench.{BENCHES[chosen]}").run(*arguments))
