"""Files that are imported, and what is said of their bad lines."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from kontor.operating.importfile import rejected_path
from kontor.operating.importing import Tally, import_file
from writeapi.services import WriteServices


def written(file: Path, lines: Iterable[Any]) -> Path:
    """What is no text yet becomes JSON."""
    content = "".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines).encode()
    file.write_bytes(gzip.compress(content, 1) if file.suffix == ".gz" else content)
    return file


async def load(services: WriteServices, what: str, file: Path, shop_id: str | None = None) -> Tally:
    return await import_file(services, what, file, shop_id, file.parent / "data")


def refused(file: Path) -> list[tuple[int, str | None]]:
    """Line and pointer of each rejection."""
    return [(one["line"], one["pointer"]) for one in reasons(file)]


def reasons(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in rejected_path(file).read_text(encoding="utf-8").splitlines()]
