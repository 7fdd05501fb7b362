"""A projection that somebody wrote in one file of their own."""

from __future__ import annotations

import importlib.util
import re
import sys
import traceback
from pathlib import Path

from kontor.replay.rebuilding import Refused
from projections.projector import Projection

MODULE = "own_projection"
NAME = re.compile(r"[a-z][a-z0-9_]*")


def own_projection(file: Path) -> Projection:
    """What the file calls PROJECTION. Raises Refused."""
    if not file.is_file():
        raise Refused(f"there is no file {file}")
    spec = importlib.util.spec_from_file_location(MODULE, file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[MODULE] = module  # where msgspec looks for what annotations mean
    try:
        spec.loader.exec_module(module)
    except Exception as error:  # whatever the file does
        frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(file)]
        line = frames[-1].lineno if frames else getattr(error, "lineno", None)
        raise Refused(f"{file}, line {line}: {error!r}") from error
    projection = getattr(module, "PROJECTION", None)
    if not isinstance(projection, Projection):
        raise Refused(f"{file} defines no PROJECTION; docs/replay.md has an example")
    _check(file, projection)
    return projection


def _check(file: Path, projection: Projection) -> None:
    tables = [table.name for table in projection.tables]
    names = [projection.name, *tables, *(name for table in projection.tables for name in table.indexes)]
    for name in names:
        if not NAME.fullmatch(name):
            raise Refused(f"{file}: {name!r} is no name for a table; take small letters, digits and _")
    if not tables or len(set(tables)) < len(tables):
        raise Refused(f"{file}: a projection has at least one table, each with a name of its own")
