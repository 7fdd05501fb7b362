"""The views as the indexer needs them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from domain.recorded import Recorded
from projections.views import Touched, Views


class Catalogued(Views, Protocol):
    """Views that say how far they are."""

    def positions(self) -> Mapping[str, int]:
        """Of each projection that documents are made of."""

    def touched_by(self, events: Sequence[Recorded]) -> Touched:
        """Keys of the rows that events concern."""
