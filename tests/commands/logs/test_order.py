"""The order of several logs: every event has one place for ever, whoever cuts and whenever it dies."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commands.errors import UnusableLog
from commands.logs.order_file import FileOrder
from commands.logs.slices import SLICES, Directory, ranges, shared_out, slice_of
from commands.logs.vector import BEYOND, Vector, parse_vector
from commands.store.sqlite import SQLiteLog
from domain.ids import delivery_id, derived_id, offer_id, payment_id, stock_id
from tests.contracts.order import Open, Opened, OrderContract, unrolled


class TestFileOrder(OrderContract):
    @pytest.fixture
    def open(self, tmp_path: Path) -> Open:
        def open_() -> Opened:
            order = FileOrder.open(tmp_path / "order.db", 3)
            return [SQLiteLog.open(tmp_path / f"log-{number}.db") for number in range(3)], order

        return open_


KILLED = """
import asyncio, sys
from pathlib import Path
from commands.logs.order_file import FileOrder

async def main():
    order, heads = FileOrder.open(Path(sys.argv[1]), 2), [0, 0]
    while True:
        heads[heads[0] % 3 == 0] += 1
        heads[0] += 1
        await order.cut(heads)
        print(sum(heads), *heads, flush=True)

asyncio.run(main())
"""


async def test_what_was_cut_before_a_kill_is_there_after_it_and_goes_on(tmp_path: Path):
    process = subprocess.Popen(  # noqa: ASYNC220  # which is read to its end at once
        [sys.executable, "-c", KILLED, str(tmp_path / "order.db")], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    printed = [process.stdout.readline() for _ in range(50)]
    os.kill(process.pid, signal.SIGKILL)
    printed += process.stdout.readlines()
    process.wait()
    process.stdout.close()
    last = [int(word) for word in next(line for line in reversed(printed) if line.endswith("\n")).split()]
    order = FileOrder.open(tmp_path / "order.db")
    assert order.head >= last[0]
    assert all(known >= head for known, head in zip(order.heads, last[1:], strict=True))
    before = unrolled(await order.spans(0, order.head))
    assert len(set(before)) == len(before) == order.head
    await order.cut([head + 1 for head in order.heads])
    assert unrolled(await order.spans(0, order.head))[:-2] == before
    await order.close()


async def test_logs_can_be_added_and_none_left_out(tmp_path: Path):
    await FileOrder.open(tmp_path / "order.db", 4).close()
    again = FileOrder.open(tmp_path / "order.db")
    assert again.logs == 4
    await again.close()
    with pytest.raises(UnusableLog, match="has 4 logs, not 2"):
        FileOrder.open(tmp_path / "order.db", 2)
    grown = FileOrder.open(tmp_path / "order.db", 5)
    assert (grown.logs, grown.heads, set(grown.directory.homes)) == (5, [0] * 5, {0, 1, 2, 3})
    await grown.move([], 1_000, SLICES - 1, 4, at=7)
    assert (grown.directory.version, grown.directory.homes[999:1_001]) == (2, (3, 4))
    await grown.close()


async def test_a_log_that_has_been_alone_keeps_its_slices(tmp_path: Path):
    order = FileOrder.open(tmp_path / "order.db", 2, empty=False)
    assert set(order.directory.homes) == {0}
    await order.close()


def test_a_foreign_file_is_left_alone(tmp_path: Path):
    (tmp_path / "order.db").write_bytes(b"not ours" * 1000)
    with pytest.raises(UnusableLog, match="not a Kontor order of the logs"):
        FileOrder.open(tmp_path / "order.db", 2)


# slices


def test_neighbours_share_a_slice():
    order, shop = derived_id("order", 1, "x"), derived_id("shop", 1, "y")
    assert slice_of(order) == slice_of(payment_id(order))
    assert slice_of(stock_id(shop, "A-1")) == slice_of(offer_id(shop, "A-1"))
    subscription = derived_id("subscription", 1, "z")
    assert slice_of(subscription) == slice_of(delivery_id(subscription))


def test_slices_are_for_ever():
    assert [slice_of(name) for name in ("usr_1", "ord_01HF7YAT00", "stk_shp_1.CHAIR-1")] == [951, 512, 605]


@pytest.mark.parametrize("logs", [2, 3, 4])
def test_streams_spread_over_the_logs(logs):
    homes = shared_out(logs)
    assert Counter(homes).keys() == set(range(logs))
    directory = Directory(1, homes)
    found = Counter(directory.home_of(derived_id("order", n, str(n))) for n in range(4_000))
    assert all(0.85 * 4_000 / logs < count < 1.15 * 4_000 / logs for count in found.values())
    assert [one[2] for one in ranges(homes)] == list(range(logs))
    assert (ranges(homes)[0][0], ranges(homes)[-1][1]) == (0, SLICES - 1)


# tokens


@given(st.lists(st.integers(0, 10**18 - 1), min_size=2, max_size=64))
def test_a_token_comes_back_as_it_went(parts):
    vector = Vector(parts)
    assert (again := parse_vector(str(vector))) == vector
    assert again is not None
    assert again.parts == tuple(parts)
    assert BEYOND <= int(vector) < 2**63
    assert f"{vector}" == str(vector)


@pytest.mark.parametrize(
    "raw", ["", "7", "1.", ".1", "1.-2", "1.x", "1.²", "1. 2", ".".join(["1"] * 65), "1." + "9" * 19]
)
def test_anything_else_is_no_token(raw):
    assert parse_vector(raw) is None


def test_of_two_tokens_of_a_process_the_later_is_larger():
    assert max(Vector((3, 4)), Vector((3, 5))).parts == (3, 5)
