"""``kontor bench``: measurements, each beside its limit. Not tests: nothing here asserts an absolute time."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module

BENCHES = {
    "append": "append",
    "hot-sku": "hot_sku",
    "http-hot-sku": "http_hot_sku",
    "checkout": "checkout",
    "import": "imports",
    "history": "history",
}
"""Name on the command line, and module. ``history`` measures ``start`` and ``memory``."""
SERVERS = {"cassandra-sink": "cassandra_sink"}
"""Those that need a real server; ``all`` leaves them out."""
ALIASES = {"start": "history", "memory": "history"}


def run_bench(name: str, arguments: Sequence[str] = ()) -> None:
    from kontor import console
    from kontor.running import run

    name = ALIASES.get(name, name)
    known = BENCHES | SERVERS
    if name != "all" and name not in known:
        console.fail(f"no such benchmark: {name!r}; one of {', '.join((*known, *ALIASES))}, all", 2)
    console.configure_logs("warning")
    for chosen in BENCHES if name == "all" else [name]:
        run(import_module(f"kontor.bench.{known[chosen]}").run(*arguments))
