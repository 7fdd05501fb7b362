"""Each aggregate has one way in: names that it hands on from a file beside it (``X as X``) come from there for all."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.architecture.sources import PACKAGES, ROOT, files, place, tree


def name_of(file: Path) -> str:
    return ".".join(file.relative_to(ROOT).with_suffix("").parts)


def imports(file: Path) -> list[tuple[ast.ImportFrom, ast.alias]]:
    nodes = [node for node in ast.walk(tree(file)) if isinstance(node, ast.ImportFrom)]
    return [(node, name) for node in nodes for name in node.names]


DOORS = {
    file: {(node.module, name.name) for node, name in imports(file) if name.asname == name.name}
    for file in files("domain")
    if any(name.asname == name.name for _, name in imports(file))
}


def test_what_is_handed_on_lies_in_the_same_room() -> None:
    rooms = [(door.parent, module) for door, names in DOORS.items() for module, _ in names]
    assert [module for room, module in rooms if not (module or "").startswith(name_of(room))] == []


def test_a_door_says_that_it_is_one() -> None:
    silent = [place(door) for door in DOORS if "This is the way in" not in (ast.get_docstring(tree(door)) or "")]
    assert silent == []


@pytest.mark.parametrize("door", DOORS, ids=name_of)
def test_others_come_through_the_door(door: Path) -> None:
    others = [file for file in files(*PACKAGES) if door.parent not in file.parents]
    around = [
        f"{place(file, node)} takes {name.name} from {node.module}, not from {name_of(door)}"
        for file in others
        for node, name in imports(file)
        if (node.module, name.name) in DOORS[door]
    ]
    assert around == []
