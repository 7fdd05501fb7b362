"""`kontor replay` by several processes at once, on real servers: what one would have folded, whichever is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psycopg
import pytest
import redis as plain

from commands.mapper import record
from commands.store.port import Row
from commands.store.postgres import PostgresLog
from commands.store.postgres_library import COLUMNS
from domain.ids import stock_id
from domain.inventory.inventory import StockReceived
from domain.recorded import Meta
from kontor.replay.command import Wishes, run_replay
from kontor.replay.parting import Parting
from kontor.replay.rebuilding import Rebuilding, Refused
from kontor.replay.servers import servers
from kontor.replay.telling import Telling, Way
from kontor.settings import Settings
from kontor.wiring.stores import IN_REDIS
from projections.ledger.projector import LEDGER
from projections.orders.projector import ORDERS
from projections.stock.projector import STOCK
from streams.history.replaying import Part, is_parted
from tests.kontor.replay.replaying import steps

pytestmark = [pytest.mark.stack, pytest.mark.slow]
STREAMS, UNREADABLE = 30_000, 7
END_S = 60.0


def deliveries() -> Iterator[Row]:
    """Three of each thing; of one the second cannot be read."""
    hashes: dict[str, bytes] = {}
    for position in range(1, 3 * STREAMS + 1):
        version, number = divmod(position - 1, STREAMS)
        stream = stock_id(f"shp_{number % 7}", f"{number:06d}")
        meta = Meta(position, position, "system:test", "cmd", stream, "", "", hashes.get(stream, b""))
        recorded, row = record(position, stream, version + 1, StockReceived(5), meta)
        hashes[stream] = recorded.hash
        yield row._replace(data=b"\xc1") if (version, number) == (1, UNREADABLE) else row


@pytest.fixture
async def settings(postgres: str, redis_url: str, redis_prefix: str, tmp_path: Path) -> Any:
    """Of a deployment whose stock one process has folded."""
    names = {"postgres_url": postgres, "redis_url": redis_url, "namespace": redis_prefix.replace("-", "_")}
    settings = Settings(profile="full", data=tmp_path, **names)
    await PostgresLog.open(postgres).close()
    copying = f"COPY events ({COLUMNS}) FROM STDIN".encode()
    with psycopg.connect(postgres) as connection, connection.cursor() as cursor, cursor.copy(copying) as copy:
        for row in deliveries():
            copy.write_row(tuple(row))
    run_replay("stock", Wishes(jobs=1), settings, as_json=True)
    yield settings
    with plain.Redis.from_url(redis_url) as client:
        for key in client.scan_iter(match=f"{settings.namespace}*", count=1000):
            client.unlink(key)


def replay(settings: Settings, **wishes: Any) -> None:
    run_replay("stock", Wishes(**wishes), settings, as_json=True)


def agreed(said: Iterable[dict[str, Any]]) -> bool:
    """Whether all that is compared was there, and the same: rows, lists, and what is parked."""
    compared = {one["what"]: one for one in said if one["step"] == "compare"}
    assert {what: one["live"]["count"] for what, one in compared.items()} == {
        "stock": STREAMS,
        "lists of stock": 7,
        "parked": 2,
    }
    return all(one["live"] == one["new"] and not one["different"] for one in compared.values())


def test_two_fold_what_one_would(settings: Settings, capsys: pytest.CaptureFixture[str]):
    capsys.readouterr()
    replay(settings, jobs=2, verify=True)
    said = steps(capsys)
    assert agreed(said)
    assert said[-1]["step"] == "swap"
    folds = [one for one in said if one["step"] == "fold"]
    assert folds[-1]["position"] == folds[-1]["upto"] == 3 * STREAMS
    assert folds[-1]["rows_per_s"] > 0


class Killing(Telling):
    """Kills one of the processes when all have said something."""

    killed = 0

    def folding(self, name: str, way: Way, positions: Iterable[int]) -> None:
        together: Any = way._written
        for _ in positions:
            if isinstance(together, Parting) and not self.killed:
                self.killed = together.processes[1].pid
                os.kill(self.killed, signal.SIGKILL)


def test_one_that_is_killed_takes_the_others_along_and_the_next_goes_on(
    settings: Settings, capsys: pytest.CaptureFixture[str]
):
    tell = Killing(as_json=True)
    ended = "one of the processes that fold ended with -9; what was folded stays"
    with pytest.raises(Refused, match=ended), servers(settings, [STOCK], 2) as place:
        Rebuilding(place, tell).replay([STOCK], from_scratch=False)
    assert tell.killed
    assert not parts_of(os.getpid())
    capsys.readouterr()
    replay(settings, jobs=3, verify=True)
    assert agreed(steps(capsys))


def test_when_the_first_is_killed_nobody_goes_on_writing(settings: Settings, capsys: pytest.CaptureFixture[str]):
    """Nor can another replay begin while somebody might; it goes on where that one was."""
    given = {"POSTGRES_URL": settings.postgres_url, "REDIS_URL": settings.redis_url, "NAMESPACE": settings.namespace}
    environment = os.environ | {"KONTOR_PROFILE": "full"} | {f"KONTOR_{name}": str(it) for name, it in given.items()}
    command = [sys.executable, "-m", "kontor", "replay", "stock", "--jobs", "2", "--data", str(settings.data), "--json"]
    first = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    try:
        waited(lambda: noted(settings) > 0)
        parts = parts_of(first.pid)
    finally:
        first.kill()
        first.wait()
    assert len(parts) == 2
    capsys.readouterr()
    replay(settings, jobs=2, verify=True)
    assert not any(map(is_at_work, parts)), "it had waited for them"
    said = steps(capsys)
    assert agreed(said)
    assert said[0]["position"] > 0


def noted(settings: Settings) -> int:
    """How far a generation is that is being made."""
    with plain.Redis.from_url(str(settings.redis_url)) as client:
        name = f"stock@{STOCK.version}/next"
        found: Any = client.hmget(f"{settings.namespace}/generations", [name, f"{name}.position"])
        return int(found[1]) if found[0] else 0


def parts_of(pid: int) -> list[int]:
    """Processes that this one has started and that have not ended."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if b"kontor.replay.part" in (process / "cmdline").read_bytes() and state_of(process)[1] == str(pid):
                found.append(int(process.name))
    return found


def is_at_work(pid: int) -> bool:
    try:
        return state_of(Path(f"/proc/{pid}"))[0] != "Z"
    except FileNotFoundError:
        return False


def state_of(process: Path) -> list[str]:
    """A letter, then the process that started it, and more."""
    return (process / "stat").read_text().rpartition(")")[2].split()


def waited(condition: Any) -> None:
    end = time.monotonic() + END_S
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.005)


def test_each_stream_is_one_process_own():
    rows = list(deliveries())[:1000]
    parts = [list(Part(number, 3).read(lambda after, upto, others: rows)(0, 1000, ())) for number in range(3)]
    assert sorted(row for part in parts for row in part) == sorted(rows)
    assert min(map(len, parts)) > 250


def test_rows_of_several_streams_are_one_process_work():
    assert {one.name for one in IN_REDIS if not is_parted(one)} == {"ratings", "seller_ratings"}
    assert is_parted(ORDERS)
    assert not is_parted(LEDGER)
