"""The simulation of queues against what is known of them exactly."""

from __future__ import annotations

import re
from math import factorial
from random import Random

import pytest

from scripts import capacity
from scripts.capacity import lognormal, wait_for_batches, wait_for_servers


def erlang_c(servers: int, load: float) -> float:
    """The share of arrivals that wait in M/M/k; ``load`` in servers (Erlang, 1917)."""
    full = load**servers / factorial(servers) * servers / (servers - load)
    return full / (sum(load**n / factorial(n) for n in range(servers)) + full)


@pytest.mark.parametrize(("servers", "load"), [(1, 0.5), (1, 0.8), (4, 2.8), (10, 7.0)])
def test_waits_of_exponential_services_are_erlangs(servers, load):
    waits = wait_for_servers(load, servers, lambda chance: chance.expovariate(1.0), 120_000)
    expected = erlang_c(servers, load) / (servers - load)
    assert waits.mean_wait == pytest.approx(expected, rel=0.12)
    assert waits.busy == pytest.approx(load / servers, rel=0.03)


def test_waits_of_equal_services_are_those_of_pollaczek_and_khinchine():
    waits = wait_for_servers(0.7, 1, lambda chance: 1.0, 120_000)
    assert waits.mean_wait == pytest.approx(0.7 / (2 * 0.3), rel=0.08)


def test_nobody_waits_where_there_is_nobody_else():
    waits = wait_for_servers(0.001, 1, lambda chance: 1.0, 1_000)
    assert (waits.mean_wait, waits.p50) == (pytest.approx(0, abs=0.01), 1.0)


def test_a_batch_of_everybody_who_waits_bears_more_than_one_by_one():
    """At 5,000 a second with 1 ms a commit one by one could not be done; the batch becomes 1 + 5 * 0.1 = 1.5 times as
    long, and so on to fixed / (1 - rate * each)."""
    waits = wait_for_batches(5_000, 0.001, 0.0001, 1_000, 100_000)
    cycle = 0.001 / (1 - 0.5)
    assert waits.busy > 0.99
    assert waits.mean_wait == pytest.approx(cycle / 2, rel=0.1)
    assert waits.p50 == pytest.approx(cycle * 1.5, rel=0.1)


def test_a_single_command_waits_for_its_own_commit_only():
    waits = wait_for_batches(1, 0.001, 0.0001, 1_000, 1_000)
    assert waits.p50 == pytest.approx(0.0011)


def test_times_of_service_have_their_mean_and_their_tail():
    draw, chance = lognormal(0.01, 8), Random(3)
    drawn = sorted(draw(chance) for _ in range(50_000))
    assert sum(drawn) / len(drawn) == pytest.approx(0.01, rel=0.03)
    assert drawn[49_500] / drawn[25_000] == pytest.approx(8, rel=0.1)


def test_the_plan_is_made_of_what_was_measured(capsys):
    capacity.main(["--purchases", "1000", "--searches", "2000", "--hits", "0.7"])
    said = capsys.readouterr().out
    costs = capacity.measured()
    busy = sum(costs.purchase[part] for part in capacity.OURS + capacity.SERVERS) * 1_000
    row = re.search(r"\*\*all\*\* \| ([\d.]+) \| (\d+)", said)
    assert row is not None
    assert [float(number) for number in row.groups()] == [pytest.approx(busy, abs=0.1), pytest.approx(busy, abs=1)]
    assert "Their 13,000 events/s" in said
    assert f"| 70% | {(0.7 * costs.hit + 0.3 * costs.search) * 1e3:.2f} |" in said


def test_a_run_that_measured_too_little_is_passed_over(tmp_path):
    runs = tmp_path / "runs.json"
    runs.write_text('{"runs": [{"measured": [{"case": "append", "lines": [{"events_per_s": 1}]}]}]}')
    with pytest.raises(ValueError, match="no run"):
        capacity.measured(runs)
