"""`kontor copy-log`: from one store to another and back, resumed, refused, and proven."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import psycopg
import pytest

from commands.store.port import Reply
from commands.store.postgres import PostgresLog
from commands.store.sqlite import SQLiteLog
from domain.inventory.inventory import StockAdjusted
from kontor.operating import copying
from kontor.operating.copying import NotACopy, copy_log
from kontor.proving.verifying import verify
from tests.contracts.event_log import transaction
from tests.kontor.conftest import HOT, first, plant, rows_of

pytestmark = pytest.mark.stack

ROOT = Path(__file__).resolve().parents[3]
REPLY = Reply("usr_1 POST /api/orders k", b"digest", 202, b"{}", b"\x00body", 1_700_000_000_000)


def silent(*_: Any) -> Any:
    return nullcontext(lambda done: None)


def run(url: str, statement: str, *parameters: Any) -> Any:
    with psycopg.connect(url, autocommit=True) as opened:
        cursor = opened.execute(statement.encode(), parameters, binary=True)
        return cursor.fetchall() if cursor.description else None


def kontor(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "kontor", *arguments],
        cwd=ROOT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


async def test_there_and_back_again(path, connection, postgres, tmp_path):
    log = SQLiteLog.open(path)
    async with transaction(log) as opened:
        await opened.append([], [REPLY], [])
    await log.close()
    rows = rows_of(connection)
    assert await copy_log(path, postgres, silent) == (len(rows), len(rows))
    back = tmp_path / "back" / "log.db"
    assert await copy_log(postgres, back, silent) == (len(rows), len(rows))
    returned = sqlite3.connect(back)
    for table in ("events", "replies", "snapshots"):
        query = f"SELECT * FROM {table} ORDER BY 1"
        assert returned.execute(query).fetchall() == connection.execute(query).fetchall() != []
    returned.close()


async def test_a_copied_log_verifies(path, postgres):
    await copy_log(path, postgres, silent)
    there, here = verify(postgres), verify(path)
    assert there.problems == []
    assert (there.events, there.streams, there.head) == (here.events, here.streams, here.head)


async def test_an_interrupted_copy_goes_on(path, connection, postgres, monkeypatch):
    monkeypatch.setattr(copying, "PAGE", 40)
    real, appended = copying._append, 0

    async def interrupted(*arguments: Any) -> None:
        nonlocal appended
        if appended == 2:
            raise KeyboardInterrupt
        appended += 1
        await real(*arguments)

    monkeypatch.setattr(copying, "_append", interrupted)
    with pytest.raises(KeyboardInterrupt):
        await copy_log(path, postgres, silent)
    monkeypatch.setattr(copying, "_append", real)
    head = len(rows_of(connection))
    assert await copy_log(path, postgres, silent) == (head - 80, head)
    assert await copy_log(path, postgres, silent) == (0, head)
    plant(connection, HOT, StockAdjusted(1))
    assert await copy_log(path, postgres, silent) == (1, head + 1)


async def test_another_log_is_not_written_over(path, connection, postgres):
    await copy_log(path, postgres, silent)
    run(postgres, "UPDATE events SET data = '\\x00' WHERE position = 7")
    before = run(postgres, "SELECT * FROM events ORDER BY 1")
    plant(connection, HOT, StockAdjusted(1))
    with pytest.raises(NotACopy, match="position 7"):
        await copy_log(path, postgres, silent)
    assert run(postgres, "SELECT * FROM events ORDER BY 1") == before


async def test_a_target_that_is_ahead_is_refused(path, connection, postgres):
    await copy_log(path, postgres, silent)
    connection.execute("DELETE FROM events WHERE position = (SELECT max(position) FROM events)")
    with pytest.raises(NotACopy, match="goes on where the source ends"):
        await copy_log(path, postgres, silent)


# verify


@pytest.mark.parametrize("column", ["data", "meta", "hash"])
async def test_flipped_bytes_are_found_in_postgres_too(path, postgres, column):
    await copy_log(path, postgres, silent)
    run(
        postgres, f"UPDATE events SET {column} = set_byte({column}, 3, 255 - get_byte({column}, 3)) WHERE position = 20"
    )
    assert first(verify(postgres)) == (20, "its bytes are not those its hash was made of")


async def test_so_are_holes_and_tampered_snapshots(path, postgres):
    await copy_log(path, postgres, silent)
    run(postgres, "UPDATE snapshots SET hash = '\\x00'")
    assert "another hash" in first(verify(postgres))[1]
    run(postgres, "DELETE FROM events WHERE position = 40")
    assert first(verify(postgres)) == (40, "this position is missing")


# the commands


def test_the_commands(path, postgres):
    copied = kontor("copy-log", "--from", str(path.parent), "--to", postgres)
    assert copied.returncode == 0, copied.stderr
    assert all(step in copied.stderr for step in ("copying", "proving", "verifying"))
    assert "every one of them equal" in copied.stdout
    answer = json.loads(kontor("verify", "--url", postgres, "--json").stdout)
    assert (answer["ok"], answer["problems"]) == (True, [])
    by_setting = kontor("verify", KONTOR_PROFILE="full", KONTOR_POSTGRES_URL=postgres)
    assert "verified" in by_setting.stdout
    run(postgres, "UPDATE events SET data = '\\x00' WHERE position = 7")
    refused = kontor("copy-log", "--from", str(path.parent), "--to", postgres)
    assert refused.returncode == 1
    assert "its event at position 7 is not the source's" in refused.stderr


def test_where_there_is_no_log(path, postgres, tmp_path):
    assert "no event log" in kontor("verify", "--url", postgres).stderr
    missing = kontor("copy-log", "--from", str(tmp_path / "nothing"), "--to", postgres)
    assert missing.returncode == 1
    assert "there is no event log in" in missing.stderr
    shutil.rmtree(tmp_path / "nothing", ignore_errors=True)


def test_a_log_is_no_copy_of_itself(path, postgres):
    folder = str(path.parent)
    for source, target in ((folder, f"{folder}/../{path.parent.name}"), (postgres, postgres)):
        refused = kontor("copy-log", "--from", source, "--to", target)
        assert (refused.returncode, refused.stdout) == (2, "")
        assert "the same log" in refused.stderr


async def test_the_copy_is_a_log_to_go_on_with(path, postgres):
    copied = await copy_log(path, postgres, silent)
    log = PostgresLog.open(postgres)
    opened = await log.begin()
    assert opened.head == copied.head
    await opened.rollback()
    await log.close()
