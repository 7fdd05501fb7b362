"""People who are in some of the seeds, beside those who buy and sell in all of them."""

from __future__ import annotations

from typing import Protocol

from domain.recorded import Recorded


class Others(Protocol):
    @property
    def done(self) -> tuple[str, int]:
        """What came of them, and how many of those."""

    async def open(self) -> None:
        """What has to be there before anybody comes."""

    def come(self) -> None:
        """They begin."""

    async def go(self) -> None:
        """Nothing goes wrong from here on; returns when they have finished what they were at."""

    async def rest(self) -> None:
        """The clocks agree from here on; what they do last, they do now."""

    def heard(self, event: Recorded) -> None:
        """It is in the log."""

    def waits(self) -> str:
        """For what; empty when they wait for nothing."""

    def look(self) -> None:
        """Holds what became of them against what they were promised, when all is at rest. Raises Violation."""
