"""The files of the pages, read once: scripts, styles, pictures.

All of them are served below a folder that is named by what they contain. Scripts import each other by relative paths,
so a change of any file gives every file a new address, and browsers may keep each for ever.
"""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

PACKAGED = Path(__file__).parent / "static"
TYPES = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".webp": "image/webp",
    ".woff2": "font/woff2",
}
"""What may be served; the last three are for a shop's own files."""
PACKED = frozenset((".js", ".css", ".svg"))
FILE_MAX = 4 << 20


class UnusableFiles(ValueError):
    """A shop's own files cannot be served; the message says which and why."""


@dataclass(frozen=True, slots=True)
class Asset:
    body: bytes
    media_type: str
    packed: bytes | None
    """The same through gzip, where that pays."""


@dataclass(frozen=True, slots=True)
class Assets:
    version: str
    files: Mapping[str, Asset]

    def address(self, name: str) -> str:
        """Where a page finds it."""
        return f"/assets/{self.version}/{name}"

    def modules(self, *folders: str) -> list[str]:
        """The scripts of these folders, by name."""
        return sorted(name for name in self.files if name.endswith(".js") and name.partition("/")[0] in folders)


def load(own: Path | None = None) -> Assets:
    """The packaged files, with those of the folder ``own`` in their place or beside them. Raises UnusableFiles."""
    found = {name: path.read_bytes() for name, path in _below(PACKAGED)}
    if own is not None:
        found |= _own(own)
    digest = hashlib.sha256()
    for name, body in sorted(found.items()):
        digest.update(f"{name}\0{len(body)}\0".encode() + body)
    return Assets(digest.hexdigest()[:12], {name: _asset(name, body) for name, body in found.items()})


def _below(folder: Path) -> list[tuple[str, Path]]:
    paths = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return [(path.relative_to(folder).as_posix(), path) for path in paths]


def _own(folder: Path) -> dict[str, bytes]:
    if not folder.is_dir():
        raise UnusableFiles(f"{folder} is no folder")
    found = {}
    for name, path in _below(folder):
        if path.suffix not in TYPES:
            raise UnusableFiles(f"{path}: only {', '.join(sorted(TYPES))} can be served")
        if path.stat().st_size > FILE_MAX:
            raise UnusableFiles(f"{path}: larger than {FILE_MAX >> 20} MB")
        found[name] = path.read_bytes()
    return found


def _asset(name: str, body: bytes) -> Asset:
    suffix = Path(name).suffix
    packed = gzip.compress(body, 9, mtime=0) if suffix in PACKED else None
    return Asset(body, TYPES[suffix], packed)
