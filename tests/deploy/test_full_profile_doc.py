"""docs/full-profile.md names commands, settings and services that exist, and all that an operator has to set."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.core import TyperGroup as Group
from typer.main import get_command

from kontor.cli import app
from kontor.settings import Settings
from tests.deploy.composed import SERVICES

ROOT = Path(__file__).parents[2]
DOC = (ROOT / "docs/full-profile.md").read_text(encoding="utf-8")
NEEDED = re.compile(r"required\(settings((?:, \"\w+\")+)\)")


def test_its_settings_exist():
    named = {name.lower() for name in re.findall(r"KONTOR_([A-Z_]+)", DOC)}
    assert named <= Settings.model_fields.keys()


def test_it_names_every_setting_without_which_a_process_does_not_start():
    calls = [call for path in (ROOT / "kontor").rglob("*.py") for call in NEEDED.findall(path.read_text())]
    names = {name.upper() for call in calls for name in re.findall(r"\w+", call)}
    assert len(names) > 6
    assert [name for name in names if f"KONTOR_{name}" not in DOC] == []


def commands() -> list[str]:
    """What follows ``kontor`` where it is called, up to the first thing that is no word of a command."""
    called = re.findall(r"(?:`|^|& |\| |exec |&& |  )kontor ((?:[a-z-]+ ?)+)", DOC, re.M)
    composed = re.findall(r"docker compose run (?:--rm )(?:--volume \S+ )?write ((?:[a-z-]+ ?)+)", DOC)
    return sorted({call.strip() for call in (*called, *composed)})


def test_many_commands_are_named():
    assert {"gateway", "copy-log --from", "copy-vault --from", "import sample", "status", "relay"} <= set(commands())


@pytest.mark.parametrize("line", commands())
def test_its_commands_exist(line: str):
    words, command = line.split(), get_command(app)
    while isinstance(command, Group):
        name, words = words[0], words[1:]
        assert name in command.commands, line
        command = command.commands[name]
    options = {option for parameter in command.params for option in parameter.opts}
    assert {word for word in words if word.startswith("--")} <= options


def test_its_services_exist():
    run = re.findall(r"docker compose run .*?(?:write|gateway)", DOC, re.S)
    started = re.search(r"--wait ((?:\w+ ?)+)\n", DOC)
    assert len(run) >= 4
    assert started is not None
    assert set(started[1].split()) <= SERVICES.keys()
