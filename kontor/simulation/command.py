"""``kontor simulate``: seed after seed, until one fails or all have passed."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from itertools import count, takewhile
from math import inf
from multiprocessing import get_context
from typing import NamedTuple

import msgspec

from kontor import console
from kontor.simulation.run import Result, simulate

AHEAD = 8
"""Seeds for each process that are begun before the first of them is looked at."""


def seeds_of(seed: int | None, seeds: str | None) -> range:
    """``N..M`` with both ends, one seed, or seed 1. Raises ValueError."""
    if seeds is None:
        return range(1 if seed is None else seed, (1 if seed is None else seed) + 1)
    first, dots, last = seeds.partition("..")
    if seed is not None or not dots or int(first) > int(last):
        raise ValueError(seeds)
    return range(int(first), int(last) + 1)


class Wanted(NamedTuple):
    seeds: Iterable[int]
    total: int | None
    """How many those are; None when they go on until the time is over."""
    steps: int | None
    """Of each; None: as each seed draws."""
    jobs: int
    seconds: float


def run_simulate(
    seed: int | None,
    seeds: str | None,
    steps: int | None,
    *,
    as_json: bool,
    jobs: int = 1,
    minutes: float | None = None,
) -> None:
    """Exit 0 when all held, 1 at the first violation, 2 for seeds that are none."""
    try:
        chosen = seeds_of(seed, seeds)
    except ValueError:
        console.fail("name one seed with --seed N, or several with --seeds N..M, the lower one first; not both", 2)
    if minutes is not None and seeds is not None:
        console.fail("--minutes goes on from --seed N until the time is over; it takes no --seeds", 2)
    endless = minutes is not None
    seconds_left = inf if minutes is None else 60 * minutes
    wanted = Wanted(
        count(chosen.start) if endless else chosen, None if endless else len(chosen), steps, jobs, seconds_left
    )
    begun = time.perf_counter()
    done = events = seen = 0
    digest = ""
    for result in _run(wanted, as_json):
        done, events, seen, digest = done + result.steps, events + result.events, seen + 1, result.digest
        if result.violation:
            _tell_violation(result, steps, as_json)
    seconds = max(time.perf_counter() - begun, 1e-9)
    if not as_json:
        of_one = f"; digest {digest}" if seen == 1 else ""
        console.out.print(
            f"{seen:,} {'seed' if seen == 1 else 'seeds'} held: {done:,} steps, {events:,} events in {seconds:.1f} s "
            f"({done / seconds:,.0f} steps/s, {60 * done / seconds / 1e6:.1f} million a minute){of_one}",
            markup=False,
        )


def _run(wanted: Wanted, as_json: bool) -> Iterator[Result]:
    if as_json:
        for result in _results(wanted):
            console.out.print(msgspec.json.encode(result).decode(), markup=False)
            yield result
        return
    with console.progress("simulating", wanted.total, "seeds") as bar:
        for done, result in enumerate(_results(wanted), 1):
            yield result
            bar(done)


def _results(wanted: Wanted) -> Iterator[Result]:
    """In the order of the seeds, whoever is done first."""
    over = time.monotonic() + wanted.seconds
    seeds = takewhile(lambda seed: time.monotonic() < over, wanted.seeds)
    if wanted.jobs == 1:
        yield from (simulate(seed, wanted.steps) for seed in seeds)
        return
    with ProcessPoolExecutor(wanted.jobs, get_context("forkserver")) as pool:
        begun: deque[Future[Result]] = deque()
        for seed in seeds:
            begun.append(pool.submit(simulate, seed, wanted.steps))
            if len(begun) >= AHEAD * wanted.jobs:
                yield begun.popleft().result()
        while begun:
            yield begun.popleft().result()


def _tell_violation(result: Result, steps: int | None, as_json: bool) -> None:
    if not as_json:
        for line in result.last:
            console.out.print(f"  {line}", markup=False)
    again = f"kontor simulate --seed {result.seed}{f' --steps {steps}' if steps else ''}"
    console.fail(f"seed {result.seed}, step {result.steps}: {result.violation}\nshows it again: {again}")
