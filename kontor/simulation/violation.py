"""Something that must never be, and was."""

from __future__ import annotations

from typing import NoReturn


class Violation(BaseException):
    """Not an Exception: the code under test catches those."""


class Verdict:
    """Keeps the first violation, wherever it was met: whoever runs callbacks may swallow what they raise."""

    def __init__(self) -> None:
        self.first: Violation | None = None

    def fail(self, what: str) -> NoReturn:
        """Raises Violation."""
        if self.first is None:
            self.first = Violation(what)
        raise self.first

    def look(self) -> None:
        """Raises the first Violation, if there was one."""
        if self.first is not None:
            raise self.first
