"""``kontor simulate``: seed after seed, until one fails or all have passed."""

from __future__ import annotations

import time
from collections.abc import Iterable

import msgspec

from kontor import console
from kontor.simulation.run import STEPS, Result, simulate


def seeds_of(seed: int | None, seeds: str | None) -> range:
    """``N..M`` with both ends, one seed, or seed 1. Raises ValueError."""
    if seeds is None:
        return range(1 if seed is None else seed, (1 if seed is None else seed) + 1)
    first, dots, last = seeds.partition("..")
    if seed is not None or not dots or int(first) > int(last):
        raise ValueError(seeds)
    return range(int(first), int(last) + 1)


def run_simulate(seed: int | None, seeds: str | None, steps: int | None, as_json: bool) -> None:
    """Exit 0 when all held, 1 at the first violation, 2 for seeds that are none."""
    try:
        chosen = seeds_of(seed, seeds)
    except ValueError:
        console.fail("name one seed with --seed N, or several with --seeds N..M, not both", 2)
    begun = time.perf_counter()
    done = events = count = 0
    digest = ""
    for result in _run(chosen, steps or STEPS, as_json):
        done, events, count, digest = done + result.steps, events + result.events, count + 1, result.digest
        if result.violation:
            _tell_violation(result, steps, as_json)
    seconds = time.perf_counter() - begun
    if not as_json:
        of_one = f"; digest {digest}" if count == 1 else ""
        console.out.print(
            f"{count:,} seeds held: {done:,} steps, {events:,} events in {seconds:.1f} s "
            f"({done / max(seconds, 1e-9):,.0f} steps/s){of_one}",
            markup=False,
        )


def _run(seeds: range, steps: int, as_json: bool) -> Iterable[Result]:
    if as_json:
        for seed in seeds:
            result = simulate(seed, steps)
            console.out.print(msgspec.json.encode(result).decode(), markup=False)
            yield result
        return
    with console.progress("simulating", len(seeds), "seeds") as bar:
        for done, seed in enumerate(seeds, 1):
            yield simulate(seed, steps)
            bar(done)


def _tell_violation(result: Result, steps: int | None, as_json: bool) -> None:
    if not as_json:
        for line in result.last:
            console.out.print(f"  {line}", markup=False)
    again = f"kontor simulate --seed {result.seed}{f' --steps {steps}' if steps else ''}"
    console.fail(f"seed {result.seed}, step {result.steps}: {result.violation}\nshows it again: {again}")
