"""``--help``: every command has a line, an example that the program takes, and words for each of its options."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from kontor.cli import app
from kontor.clihelp import SHOWN
from readapi.app import VERSION
from tests.architecture.commandlines import check_kontor


def tree(command: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    for known, one in getattr(command, "commands", {}).items():
        yield from tree(one, f"{name} {known}".strip())
    if not hasattr(command, "commands"):
        yield name, command


COMMANDS = dict(tree(get_command(app)))


def kontor(*arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "kontor", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, **options)


def test_every_command_is_shown_and_nothing_else():
    assert set(COMMANDS) == set(SHOWN)
    assert [name for name, shown in SHOWN.items() if len(shown.short) > 60 or not shown.examples] == []


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_is_explained(name: str):
    assert [one.name for one in COMMANDS[name].params if not getattr(one, "help", None)] == []


@pytest.mark.parametrize("name", SHOWN)
def test_examples_are_ones_that_the_program_takes(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    for file in ("november.csv", "orders.ndjson.gz"):
        (tmp_path / file).touch()
    for example in SHOWN[name].examples:
        program, *words = example.split()
        assert program == "kontor"
        check_kontor(words)
    assert SHOWN[name].examples[0].split()[1:][: len(name.split())] == name.split()


def test_the_list_of_commands_shows_each_whole():
    shown = kontor("--help")
    assert (shown.returncode, shown.stderr) == (0, "")
    assert "..." not in shown.stdout.partition("Commands:")[2]
    nothing = kontor()
    assert (nothing.returncode, nothing.stdout) == (2, "")
    assert "Commands:" in nothing.stderr


def test_the_version_is_the_apis():
    assert kontor("--version").stdout == f"kontor {VERSION}\n"


def test_a_password_need_not_stand_on_the_command_line(tmp_path: Path):
    create = ("user", "create", "--data", str(tmp_path / "data"), "--email")
    made = kontor(*create, "ada@shop.example", input="correct horse\n")
    assert (made.returncode, "created: ada@shop.example" in made.stdout) == (0, True), made.stderr
    none = kontor(*create, "bea@shop.example", stdin=subprocess.DEVNULL)
    assert (none.returncode, "as a line of standard input" in none.stderr) == (2, True)


def test_on_a_terminal_a_password_is_asked_for_twice(tmp_path: Path):
    ours, theirs = pty.openpty()
    command = ["user", "create", "--data", str(tmp_path / "data"), "--email", "ada@shop.example"]
    asking = subprocess.Popen(
        [sys.executable, "-m", "kontor", *command], stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
    )
    os.close(theirs)
    said = b""
    with suppress(OSError):  # what reading ends with when nobody is there any more
        while chunk := os.read(ours, 1024):
            said += chunk
            if said.endswith(b": "):
                os.write(ours, b"correct horse\n" if b"Once more" not in said else b"battery staple\n")
    os.close(ours)
    assert asking.wait(timeout=60) == 2
    assert b"these were two passwords" in said
    assert b"horse" not in said
