"""How commands end that cannot go on, and those that somebody ends."""

from __future__ import annotations

import errno
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from commands.errors import StorageUnavailable
from kontor.endings import ending_well, in_words

FULL = OSError(errno.ENOSPC, "No space left on device", "x.rejected.ndjson")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (FULL, "kontor: x.rejected.ndjson: No space left on device; make room"),
        (PermissionError(errno.EACCES, "Permission denied", "views.db"), "kontor: views.db: Permission denied\n"),
        (sqlite3.OperationalError("database or disk is full"), "is full; see that it may be written and has room"),
        (StorageUnavailable("the log is locked"), "kontor: the log is locked\n"),
        (OSError("no more"), "kontor: no more\n"),
    ],
)
def test_what_the_surroundings_refuse_is_a_line(error: Exception, said: str, capsys: pytest.CaptureFixture[str]):
    def command() -> None:
        raise error

    with pytest.raises(SystemExit) as ended:
        ending_well(command)
    assert ended.value.code == 1
    assert said in capsys.readouterr().err


def test_mistakes_show_where_they_were_made(monkeypatch: pytest.MonkeyPatch):
    def mistaken() -> None:
        raise TypeError("ours")

    def refused() -> None:
        raise FULL

    with pytest.raises(TypeError):
        ending_well(mistaken)
    monkeypatch.setenv("KONTOR_LOG_LEVEL", "debug")
    with pytest.raises(OSError, match="No space"):
        ending_well(refused)


def test_words_without_a_file():
    assert in_words(OSError(errno.EIO, "Input/output error")) == "Input/output error"


SLOW = "import importlib.abc, sys, time\nclass Slow(importlib.abc.MetaPathFinder):\n"
SLOW += "    def find_spec(self, name, path, target=None):\n"
SLOW += "        if name == 'typer':\n            print('now', flush=True); time.sleep(30)\n"
SLOW += "sys.meta_path.insert(0, Slow())\nsys.argv = ['kontor', 'status']\nfrom kontor.entry import main\nmain()\n"


def test_ctrl_c_before_the_command_runs_is_quiet():
    started = subprocess.Popen(
        [sys.executable, "-c", SLOW], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=_listening
    )
    assert started.stdout is not None
    assert started.stdout.readline() == "now\n"
    started.send_signal(signal.SIGINT)
    begun = time.monotonic()
    _, said = started.communicate(timeout=30)
    assert time.monotonic() - begun < 20
    assert (started.returncode, said) == (-signal.SIGINT, "")


def _listening() -> None:
    """As a process of a terminal: shells have those of the background pass over SIGINT."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.mark.parametrize("arguments", [("config",), ("--help",), ("show", "--help")])
def test_whoever_reads_may_go(arguments: tuple[str, ...], tmp_path: Path):
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = subprocess.run(
            [sys.executable, "-m", "kontor", *arguments],
            stdout=writing,
            stderr=subprocess.PIPE,
            text=True,
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
            timeout=60,
            check=False,
        )
    finally:
        os.close(writing)
    assert done.returncode == 1
    assert done.stderr == ""
