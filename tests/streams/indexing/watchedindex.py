"""A search index that tells what it was told, and fails when asked to."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from projections.search.document import SearchDocument
from projections.search.port import Rejected
from projections.search.tantivy_index import TantivyIndex


class Watched(TantivyIndex):
    """``broken`` it cannot commit; ``killed`` it does not come back."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.upserted: list[str] = []
        self.commits: list[int] = []
        self.broken = self.killed = False
        self.refused: set[str] = set()

    def try_writer(self) -> bool:
        return not self.killed and super().try_writer()

    def apply(self, upserts: Sequence[SearchDocument], deletes: Sequence[str]) -> None:
        self.upserted += [document.product_id for document in upserts]
        super().apply(upserts, deletes)

    def commit(self, position: int) -> Sequence[Rejected]:
        if self.broken:
            raise OSError("no space left")
        super().commit(position)
        self.commits.append(position)
        return [Rejected(key, "cannot be parsed") for key in self.refused]
