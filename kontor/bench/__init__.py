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
    "history": "history",
    "redis-sink": "redis_sink",
}
"""Name on the command line, and module. ``history`` measures ``start`` and ``memory``."""
SERVERS = {"redis-sink": "KONTOR_REDIS_URL"}
"""What names the server that a benchmark needs; without it ``all`` leaves the benchmark out."""
ALIASES = {"start": "history", "memory": "history"}


def run_bench(name: str, arguments: Sequence[str] = ()) -> None:
    from kontor import console
    from kontor.running import run

    name = ALIASES.get(name, name)
    if name != "all" and name not in BENCHES:
        console.fail(f"no such benchmark: {name!r}; one of {', '.join((*BENCHES, *ALIASES))}, all", 2)
    console.configure_logs("warning")
    runnable = [chosen for chosen in BENCHES if SERVERS.get(chosen, "PATH") in os.environ]
    for chosen in runnable if name == "all" else [name]:
        run(import_module(f"kontor.bench.{BENCHES[chosen]}").run(*arguments))
