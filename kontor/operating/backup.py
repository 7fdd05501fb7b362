"""``kontor backup``: what cannot be folded from anything else, copied beside whoever uses it.

SQLite's backup takes each file as of one moment, whatever lies in its write-ahead log, and keeps nobody from writing
(https://sqlite.org/backup.html). The order of the files makes up for those moments being several: an order of logs
knows nothing that the logs lack, and the vault every person of whom the log tells.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

from kontor import console
from kontor.folder import DataFolder
from kontor.readonly import open_readonly
from kontor.settings import Settings
from kontor.wiring.logfiles import log_files


def run_backup(settings: Settings, target: Path) -> None:
    """Exit 2 where there is something already, and in the full profile. Raises UnusableLog, OSError, sqlite3.Error."""
    if settings.profile == "full":
        console.fail("servers are backed up by means of their own: docs/full-profile.md", 2)
    folder = DataFolder(settings.data)
    folder.require_log()
    if target.exists():
        console.fail(f"there is something at {target}: name a folder that is to be made", 2)
    # Under another name until it is whole, so that no interrupted one is ever taken for a backup.
    making = target.with_name(f"{target.name}.part")
    shutil.rmtree(making, ignore_errors=True)
    making.mkdir(parents=True, mode=0o700)
    size = 0
    for file in files_of(folder):
        size += _copy(file, making / file.name)
    objects = settings.objects_folder or folder.objects
    if settings.objects_bucket is None and objects.is_dir():
        size += _copy_folder(objects, making / folder.objects.name)
    making.rename(target)
    console.out.print(f"{target}: {size / 1e6:,.1f} MB; `kontor verify --data {target}` proves its log")


def files_of(folder: DataFolder) -> Iterator[Path]:
    """In the order in which they are copied."""
    for file in (folder.order, *log_files(folder), folder.vault, folder.provider):
        if file.exists():
            yield file


def _copy(source: Path, target: Path) -> int:
    """Its size in bytes."""
    os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    with closing(open_readonly(source)) as reading, closing(sqlite3.connect(target)) as writing:
        reading.backup(writing)
    return target.stat().st_size


def _copy_folder(source: Path, target: Path) -> int:
    """Of files that come and go meanwhile those that stay; the size of all in bytes."""
    size = 0
    for path in sorted(source.rglob("*")):
        with suppress(FileNotFoundError):
            if path.is_file():
                copy = target / path.relative_to(source)
                copy.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                size += Path(shutil.copy2(path, copy)).stat().st_size
    return size
