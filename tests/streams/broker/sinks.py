"""A sink that notes how far it was written to, and fails for as long as it is given an error."""

from __future__ import annotations

from collections.abc import Sequence

from domain.recorded import Recorded
from projections.views import Touched


class Sink:
    def __init__(self) -> None:
        self.at = {0: 3}
        self.error: Exception | None = None

    async def progress(self) -> dict[int, int]:
        if self.error:
            raise self.error
        return self.at

    async def write(self, partition: int, upto: int, events: Sequence[Recorded]) -> Touched:
        if self.error:
            raise self.error
        self.at[partition] = upto
        return Touched()
