"""What a load takes: cores and processes by part, from the costs that the last run of the benchmarks measured.

    python scripts/capacity.py                                       # 10,000 purchases/s and 100,000 searches/s
    python scripts/capacity.py --purchases 500 --searches 5000 --hits 0.5

Prints the tables of docs/scale.md. How long work waits in front of each part is simulated event by event, first come,
first served: ``wait_for_servers`` is M/G/k, arrivals as they come, k servers, any time of service; ``wait_for_batches``
is a log's writer: while one batch is written all that arrive become the next, which costs a fixed time and some more
for each.
"""

from __future__ import annotations

import json
from argparse import ArgumentParser
from bisect import bisect_right
from collections.abc import Callable
from heapq import heapify, heapreplace
from math import ceil, exp, log
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

MEASURED = Path(__file__).resolve().parent.parent / "docs" / "benchmarks.json"
CHECKOUT = "checkout --profile full --source aiokafka"
READS = "reads --profile full"
WRITERS = "append --store postgres --processes 4"
BUSY = 0.6
"""How much of a core may be used when all is well: one of three machines may then be away."""
TAIL = 8.0
"""One time of service in a hundred is so many times the median or longer."""
EVENTS = 13
"""Of a purchase: twelve of cart, order, payment and stock, and its part of a posting."""
COMMIT_S = 0.0015
"""What a commit takes besides its rows, on a disk that waits for the platter's or the flash's answer."""
CUSTOMERS = 20_000
OURS = ("write", "read", "relay", "views", "orders", "search", "processes")
SERVERS = ("postgres", "kafka", "redis", "elasticsearch", "cassandra")


Draw = Callable[[Random], float]


class Waits(NamedTuple):
    """Seconds from the arrival to the end of the service, and how much of the servers' time was used."""

    mean_wait: float
    """Until the service began."""
    p50: float
    p99: float
    busy: float
    """0 to 1."""


def wait_for_servers(rate: float, servers: int, service: Draw, customers: int, seed: int = 1) -> Waits:
    """``rate`` arrivals a second; ``service`` draws seconds. The first tenth of the customers is not counted."""
    chance = Random(seed)
    free = [0.0] * servers
    heapify(free)
    now = used = waited = 0.0
    took: list[float] = []
    for number in range(customers):
        now += chance.expovariate(rate)
        begin, seconds = max(now, free[0]), service(chance)
        heapreplace(free, begin + seconds)
        used += seconds
        if number >= customers // 10:
            waited += begin - now
            took.append(begin + seconds - now)
    return _told(waited, took, used / (servers * now))


def wait_for_batches(rate: float, fixed: float, each: float, most: int, customers: int, seed: int = 1) -> Waits:
    """A batch of n takes ``fixed + n * each`` seconds, n at most ``most``. Answers come when it is written."""
    chance = Random(seed)
    arrivals: list[float] = []
    now = 0.0
    for _ in range(customers):
        now += chance.expovariate(rate)
        arrivals.append(now)
    done, free, used, waited = 0, 0.0, 0.0, 0.0
    took: list[float] = []
    while done < customers:
        begin = max(free, arrivals[done])
        size = min(bisect_right(arrivals, begin) - done, most)
        free = begin + fixed + size * each
        used += free - begin
        if done >= customers // 10:
            waited += sum(begin - at for at in arrivals[done : done + size])
            took += [free - at for at in arrivals[done : done + size]]
        done += size
    return _told(waited, took, used / free)


def _told(waited: float, took: list[float], busy: float) -> Waits:
    took.sort()
    return Waits(waited / len(took), took[len(took) // 2], took[int(len(took) * 0.99)], busy)


def lognormal(mean: float, ratio: float) -> Draw:
    """Times of service with this mean, of which one in a hundred takes ``ratio`` times the median or more."""
    sigma = log(ratio) / 2.326  # the normal distribution's 99th percentile
    mu = log(mean) - sigma * sigma / 2
    return lambda chance: exp(chance.gauss(mu, sigma))


# the plan


class Costs(NamedTuple):
    """Processor time in seconds."""

    purchase: dict[str, float]
    """By part."""
    event: float
    """Of one that is decided and written by one of four processes on a log, the server's part aside."""
    hit: float
    """A page or a list that is remembered."""
    search: float
    """One that is not: of the service and of the index together."""
    log_events_per_s: float
    """What one log took from four processes with streams of their own, on two cores with all of them."""


def measured(path: Path = MEASURED) -> Costs:
    """From the last run that has all of it. Raises ValueError if none has."""
    for run in reversed(json.loads(path.read_text())["runs"]):
        lines: dict[str, list[dict[str, Any]]] = {one["case"]: one["lines"] for one in run["measured"] if one["lines"]}
        if {CHECKOUT, READS, WRITERS} <= lines.keys():
            checkout, reads, writers = lines[CHECKOUT][0], lines[READS][0], lines[WRITERS][0]
            return Costs(
                {part: ms / 1e3 for part, ms in checkout["cpu_ms_per_purchase"].items()},
                writers["client_cpu_us_per_event"] / 1e6,
                reads["page_cpu_us"] / 1e6,
                reads["search_service_p50_ms"] / 1e3,
                writers["events_per_s"],
            )
    raise ValueError(f"no run in {path} has measured {CHECKOUT}, {READS} and {WRITERS}")


def table(head: list[str], rows: list[list[str]]) -> str:
    return "\n".join("| " + " | ".join(row) + " |" for row in (head, ["---"] * len(head), *rows))


def purchases(costs: Costs, rate: float) -> str:
    """Each process takes what its partitions bring: a queue of its own, with one server."""
    rows = []
    for part in OURS + SERVERS:
        cost = costs.purchase[part]
        cores = rate * cost
        processes = ceil(cores / BUSY)
        waits = wait_for_servers(rate / processes, 1, lognormal(cost, TAIL), CUSTOMERS)
        rows.append([part, f"{cost * 1e3:.2f}", f"{cores:.0f}", str(processes), _ms(waits.mean_wait), _ms(waits.p99)])
    busy = sum(rate * costs.purchase[part] for part in OURS + SERVERS)
    rows.append(["**all**", f"{busy / rate * 1e3:.1f}", f"{busy:.0f}", str(sum(int(row[3]) for row in rows)), "", ""])
    return table(["part", "ms each", "cores busy", "cores", "waits, mean ms", "p99 ms"], rows)


def logs(costs: Costs, rate: float) -> str:
    """Batches of one log's writer, by the number of logs."""
    events = rate * EVENTS
    each = 1 / costs.log_events_per_s
    rows = []
    for number in (1, 2, 4, 8, 16, 32):
        share = events / number
        if share * each >= 1:
            rows.append([str(number), f"{share:,.0f}", f"{share * each:.2f}", "more than it can", ""])
            continue
        waits = wait_for_batches(share, COMMIT_S, each, 1_000, CUSTOMERS)
        rows.append([str(number), f"{share:,.0f}", f"{share * each:.2f}", _ms(waits.p50), _ms(waits.p99)])
    return table(["logs", "events/s each", "of what one took", "commit p50 ms", "p99 ms"], rows)


def searches(costs: Costs, rate: float, hits: float) -> str:
    rows = []
    for share in sorted({0.0, 0.5, 0.8, 0.9, 0.95, hits}):
        cost = share * costs.hit + (1 - share) * costs.search
        cores = rate * cost
        servers = ceil(rate * (1 - share) * costs.search / BUSY)
        per = max(1, min(servers, 16))
        waits = wait_for_servers(per * BUSY / costs.search, per, lognormal(costs.search, TAIL), CUSTOMERS)
        rows.append([f"{share:.0%}", f"{cost * 1e3:.2f}", f"{cores:,.0f}", f"{ceil(cores / BUSY):,}", _ms(waits.p99)])
    return table(["remembered", "ms each", "cores busy", "cores", "p99 ms of the others, 16 cores a machine"], rows)


def _ms(seconds: float) -> str:
    return f"{seconds * 1e3:.1f}"


def main(arguments: list[str] | None = None) -> None:
    parser = ArgumentParser(description="What a load takes.")
    parser.add_argument("--purchases", type=float, default=10_000, help="a second")
    parser.add_argument("--searches", type=float, default=100_000, help="a second")
    parser.add_argument("--hits", type=float, default=0.9, help="share of searches that are answered from memory")
    chosen = parser.parse_args(arguments)
    costs = measured()
    print(f"{chosen.purchases:,.0f} purchases/s\n\n{purchases(costs, chosen.purchases)}\n")
    print(f"Their {chosen.purchases * EVENTS:,.0f} events/s\n\n{logs(costs, chosen.purchases)}\n")
    print(f"{chosen.searches:,.0f} searches/s\n\n{searches(costs, chosen.searches, chosen.hits)}")


if __name__ == "__main__":
    main()
