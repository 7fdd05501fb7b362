"""``kontor bench``: measurements, each beside its limit. Not tests: nothing here asserts an absolute time."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module

BENCHES = {
    "append": "append",
    "hot-sku": "hot_sku",
    "checkout": "checkout",
}
"""Name on the command line, and module."""


def run_bench(name: str, arguments: Sequence[str] = ()) -> None:
    from kontor import console
    from kontor.running import run

    if name != "all" and name not in BENCHES:
        console.fail(f"no such benchmark: {name!r}; one of {', '.join(BENCHES)}, all", 2)
    for chosen in BENCHES if name == "all" else [name]:
        run(import_module(f"kontor.bench.{BENCHES[chosen]}").run(*arguments))
