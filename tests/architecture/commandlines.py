"""A command line of `kontor` in the documentation, against the command itself."""

from __future__ import annotations

from typing import Any

from typer.main import get_command

from kontor.bench import ALIASES, BENCHES
from kontor.cli import app
from tests.architecture.sources import ROOT


def check_kontor(words: list[str]) -> None:
    command: Any = get_command(app)
    while hasattr(command, "commands"):
        assert words, "a command is missing"
        name, *words = words
        assert name in command.commands, f"there is no {name!r}"
        command = command.commands[name]
    command.make_context(command.name, list(words))  # raises what a user would be told
    if command.name == "bench":
        check_bench(words)


def check_bench(words: list[str]) -> None:
    """Each bench reads its own options, when it runs."""
    name = ALIASES.get(words[0], words[0])
    module = "book/command" if name == "all" else BENCHES[name]
    source = (ROOT / f"kontor/bench/{module}.py").read_text(encoding="utf-8")
    own = [word for word in words[1:] if word.startswith("--")]
    assert [option for option in own if f'"{option}"' not in source] == []
