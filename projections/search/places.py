"""Where in a search folder the index lies: one generation is shown, the one before is kept to go back to."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

FIRST = "index"
POINTER = "current"


class Places:
    """A file names both, the shown one first; it is replaced as a whole."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._pointer = folder / POINTER

    def current(self) -> Path:
        return self._folder / self._names()[0]

    def kept(self) -> Path | None:
        names = self._names()
        return self._folder / names[1] if len(names) > 1 else None

    def show(self, place: Path) -> None:
        """From now on; what was shown is kept, and every other generation goes."""
        names = (place.name, self.current().name)
        draft = self._pointer.with_suffix(".new")
        draft.write_text("\n".join(names))
        os.replace(draft, self._pointer)
        for other in self._generations():
            if other.name not in names:
                shutil.rmtree(other, ignore_errors=True)

    def free(self) -> Path:
        """For another generation."""
        numbers = [int(path.name[1:]) for path in self._generations() if path.name[1:].isdecimal()]
        return self._folder / f"g{max(numbers, default=0) + 1}"

    def _generations(self) -> list[Path]:
        found = [self._folder / FIRST, *self._folder.glob("g[0-9]*")]
        return [path for path in found if path.is_dir()]

    def _names(self) -> list[str]:
        try:
            return self._pointer.read_text().split() or [FIRST]
        except OSError:
            return [FIRST]
