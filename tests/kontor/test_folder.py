"""A data folder that cannot be used: said in one line, and not a byte of it is touched."""

from __future__ import annotations

import os
import sqlite3
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from commands.errors import UnusableLog
from commands.store.sqlite import LOG_FILE, SQLiteLog
from domain.inventory.inventory import StockReceived
from kontor.folder import DataFolder
from tests.contracts.event_log import append

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
async def folder(tmp_path) -> DataFolder:
    """A good one, with a few events."""
    made = DataFolder(tmp_path / "data")
    made.prepare()
    log = SQLiteLog.open(made.log)
    await append(log, *(StockReceived(n) for n in range(1, 200)))
    await log.close()
    return made


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def kontor(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "kontor", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)


def overwrite(path: Path, offset: int, data: bytes) -> None:
    with path.open("r+b") as file:
        file.seek(offset)
        file.write(data)


def empty_header(path: Path) -> None:
    overwrite(path, 0, bytes(100))


def garbage(path: Path) -> None:
    path.write_bytes(b"once upon a time " * 1_000)


def short(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:60])


def cut_in_half(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def broken_schema(path: Path) -> None:
    overwrite(path, 100, b"\xff" * 900)


def broken_table(path: Path) -> None:
    """Its root page, which any use of the log comes across."""
    with sqlite3.connect(path) as connection:
        (page,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'events'").fetchone()
        (size,) = connection.execute("PRAGMA page_size").fetchone()
    connection.close()
    overwrite(path, (page - 1) * size, b"\xff" * size)


def foreign(path: Path) -> None:
    """Somebody's own database, which like most says nothing of what it is."""
    path.unlink()
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE recipes (name TEXT)")
        connection.execute("INSERT INTO recipes VALUES ('soup')")
    connection.close()


def foreign_and_signed(path: Path) -> None:
    foreign(path)
    overwrite(path, 68, struct.pack(">I", 0x47504B47))  # a GeoPackage


def newer(path: Path) -> None:
    overwrite(path, 60, struct.pack(">I", LOG_FILE.schema + 1))


DAMAGES = {
    empty_header: "is not a Kontor event log or is damaged",
    garbage: "is not a Kontor event log or is damaged",
    short: "is not a Kontor event log or is damaged",
    cut_in_half: "damaged",
    broken_schema: "damaged|malformed",
    broken_table: "damaged|malformed",
    foreign: "belongs to another program",
    foreign_and_signed: "belongs to another program",
    newer: "newer Kontor",
}
damages = pytest.mark.parametrize(
    ("damage", "message"), DAMAGES.items(), ids=lambda value: getattr(value, "__name__", "")
)


def open_it(folder: DataFolder) -> None:
    folder.prepare()
    SQLiteLog.open(folder.log)


async def test_a_good_folder_is_usable(folder):
    folder.prepare()
    folder.require_log()
    log = SQLiteLog.open(folder.log)
    assert await log.head() == 199
    await log.close()


@damages
def test_an_unusable_log_is_refused_and_left_alone(folder, damage: Callable[[Path], None], message: str):
    damage(folder.log)
    before = contents(folder.path)
    with pytest.raises(UnusableLog, match=message) as refused:
        open_it(folder)
    assert "\n" not in str(refused.value)
    assert str(folder.log) in str(refused.value)
    assert contents(folder.path) == before


@damages
def test_the_services_say_so_in_one_line(folder, damage: Callable[[Path], None], message: str):
    damage(folder.log)
    before = contents(folder.path)
    ended = kontor("serve", "all", "--port", "0", "--data", str(folder.path))
    assert (ended.returncode, ended.stdout) == (1, "")
    assert len(ended.stderr.splitlines()) == 1, ended.stderr
    assert ended.stderr.startswith("kontor: ")
    assert contents(folder.path) == before


@pytest.mark.parametrize("command", ["verify", "status"])
@pytest.mark.parametrize("damage", [garbage, foreign, newer, broken_schema], ids=lambda damage: damage.__name__)
def test_so_do_the_tools_that_only_look(folder, damage: Callable[[Path], None], command: str):
    damage(folder.log)
    before = contents(folder.path)
    ended = kontor(command, "--data", str(folder.path))
    assert ended.returncode == 1
    assert len(ended.stderr.splitlines()) == 1, ended.stderr
    assert contents(folder.path) == before


@pytest.mark.parametrize("command", ["verify", "status"])
def test_tools_that_only_look_make_no_folder(tmp_path, command):
    ended = kontor(command, "--data", str(tmp_path / "nothing"))
    assert ended.returncode == 1
    assert "there is no event log" in ended.stderr
    assert not (tmp_path / "nothing").exists()


def test_a_file_where_the_folder_should_be(tmp_path):
    path = tmp_path / "data"
    path.write_text("a shopping list")
    for place in (path, path / "deeper"):
        with pytest.raises(UnusableLog):
            DataFolder(place).prepare()
        ended = kontor("serve", "all", "--port", "0", "--data", str(place))
        assert (ended.returncode, len(ended.stderr.splitlines())) == (1, 1), ended.stderr
    assert path.read_text() == "a shopping list"


def test_a_folder_where_the_log_should_be(tmp_path):
    (tmp_path / "log.db").mkdir()
    with pytest.raises(UnusableLog, match="cannot be read"):
        DataFolder(tmp_path).prepare()


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="nothing is forbidden to root")
def test_forbidden_folders(tmp_path, folder):
    (tmp_path / "closed").mkdir(mode=0o500)
    with pytest.raises(UnusableLog, match="cannot be made"):
        DataFolder(tmp_path / "closed" / "data").prepare()
    folder.path.chmod(0o500)
    with pytest.raises(UnusableLog, match="cannot be written"):
        folder.prepare()
    folder.path.chmod(0o700)
    folder.log.chmod(0)
    with pytest.raises(UnusableLog, match="cannot be read"):
        folder.prepare()


async def test_a_log_left_behind_by_a_crash_is_usable(folder, tmp_path):
    """The write-ahead log holds what the file does not: nothing may call that damaged."""
    log = SQLiteLog.open(folder.log)
    await append(log, *(StockReceived(n) for n in range(1, 2_000)))
    copy = DataFolder(tmp_path / "copy")
    copy.prepare()
    for suffix in ("", "-wal"):
        data = folder.log.with_name(folder.log.name + suffix).read_bytes()
        copy.log.with_name(copy.log.name + suffix).write_bytes(data)
    await log.close()
    copy.require_log()
    again = SQLiteLog.open(copy.log)
    assert await again.head() == 199 + 1_999
    await again.close()


@pytest.mark.parametrize("name", ["vault.db", "provider.db"])
def test_other_files_of_ours_are_looked_at_before_anything_is_made(tmp_path, name):
    folder = DataFolder(tmp_path / "data")
    folder.path.mkdir()
    (folder.path / name).write_bytes(b"once upon a time " * 1_000)
    before = contents(folder.path)
    with pytest.raises(UnusableLog, match=name):
        folder.prepare()
    assert contents(folder.path) == before


async def test_a_log_that_was_copied_without_what_lay_beside_it_is_no_empty_shop(folder, tmp_path):
    """While services run, everything may still be in the write-ahead log."""
    begun, copy = DataFolder(tmp_path / "begun"), DataFolder(tmp_path / "copy")
    begun.prepare()
    log = SQLiteLog.open(begun.log)
    await append(log, *(StockReceived(n) for n in range(1, 9)))
    copy.path.mkdir()
    copy.log.write_bytes(begun.log.read_bytes())
    with pytest.raises(UnusableLog, match=r"is empty: it was copied without log.db-wal"):
        copy.prepare()
    assert list(copy.path.iterdir()) == [copy.log]
    for name in ("log.db", "log.db-wal"):
        (copy.path / name).write_bytes((begun.path / name).read_bytes())
    copy.prepare()
    whole = SQLiteLog.open(copy.log)
    assert await whole.head() == 8
    await whole.close()
    await log.close()
