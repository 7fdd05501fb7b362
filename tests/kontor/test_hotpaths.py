"""Stacks that a sampler collapsed, as shares of own and of total time."""

from __future__ import annotations

from scripts.hotpaths import read, report

LOOP = "thread (7F1): MainThread;main (kontor/cli.py:38);Runner.run (asyncio/runners.py:86)"
STACKS = f"""\
{LOOP};send (/venv/lib/python3.11/site-packages/uvicorn/impl.py:463);flush (kontor/serving/cork.py:32) 5
{LOOP};walk (kontor/tree.py:1);walk (kontor/tree.py:1) 3
{LOOP} 1
thread (7F2): commit_0;run (x.py:1);_WorkItem.run (concurrent/futures/thread.py:50);insert (commands/store.py:9) 1
thread (7F4) 2
thread (7F3): search_11;run (threading.py:1);_worker (/usr/lib/python3.11/concurrent/futures/thread.py:69) 90

"""


def test_shares_are_of_what_was_not_waiting() -> None:
    profile = read(STACKS.splitlines())
    assert profile.samples == 10
    assert profile.threads == {"MainThread": 9, "commit": 1}
    assert profile.own == {
        "flush (kontor/serving/cork.py)": 5,
        "walk (kontor/tree.py)": 3,
        "Runner.run (asyncio/runners.py)": 1,
        "insert (commands/store.py)": 1,
    }
    assert profile.total["send (uvicorn/impl.py)"] == 5
    assert profile.total["walk (kontor/tree.py)"] == 3, "though it calls itself"
    assert "main (kontor/cli.py)" not in profile.total
    assert report(profile, 1).splitlines() == [
        "10 samples", "", "threads", "  90.0%  MainThread", "", "own time",
        "  50.0%  flush (kontor/serving/cork.py)", "",
        "total time", "  90.0%  Runner.run (asyncio/runners.py)",
    ]  # fmt: skip
