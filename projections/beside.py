"""A generation of a projection that is folded beside the live one, whatever store it lies in."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import NamedTuple, Protocol

from projections.folding import Kept, Parked
from projections.projector import Projection

NEAR_PAGE, FAR_PAGE = 500, 5_000
Rows = Mapping[str, Mapping[str, Kept]]
"""By table and key."""
Passed = Callable[[str, Kept, Kept], None]


def name_of(projection: Projection) -> str:
    return f"{projection.name}@{projection.version}"


def generation_of(name: str, number: int) -> str:
    """How a server's generation is called. The first has no number."""
    return f"{name}~{number}" if number else name


class Standing(NamedTuple):
    position: int
    code: str
    """Names the program that made the rows."""


class BadGeneration(Exception):
    """What should be in the store is not there, or of another shape."""


class Beside(Protocol):
    """Nobody reads it, and one process writes it."""

    @property
    def projection(self) -> Projection: ...

    @property
    def page(self) -> int:
        """How many events are best read at once: few where rows are near, for so is the log; many where both are on
        servers."""

    @property
    def portion(self) -> int:
        """How many of them are best folded at once: few, so that all that is made of them stays in the processor's
        cache, unless each look for rows takes long."""

    @property
    def listed(self) -> bool:
        """Whether ``write`` has to know how rows were stored before, so that they leave the lists they stood in."""

    def standing(self) -> Standing | None:
        """None where there is no such generation. Raises BadGeneration."""

    def begin(self, code: str) -> None:
        """Empty, in place of what is there."""

    def find(self, table: str, keys: Collection[str]) -> dict[str, Kept]:
        """Does not wait for rows that are being written; nobody asks for those. Raises BadGeneration."""

    def broken(self) -> dict[str, int]:
        """Streams that stand still, and since which position."""

    def passing(self, table: str) -> Passed | None:
        """What wants to hear of every step of a table's rows, if anything does."""

    def write(self, changed: Rows, before: Rows, parked: Sequence[Parked], position: int) -> int:
        """Rows, and how far they are folded. How many were written.

        Not all at once. Killed in between it is as if the log had been folded a little further in some rows: each has
        its position and takes in no event twice. May return when it is only certain to be done before anything else is.
        """

    def settle(self) -> None:
        """Returns when all is written that was handed over."""
