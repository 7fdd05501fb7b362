"""Pictures of products, by product."""

from __future__ import annotations

from typing import Any

from domain.catalog.media import GALLERY, Gallery, Picture, product_of
from domain.recorded import Recorded
from projections.projector import Table, ViewRow


class MediaRow(ViewRow, frozen=True):
    pictures: tuple[Picture, ...]


def fold(row: MediaRow | None, recorded: Recorded) -> MediaRow | None:
    gallery: Any = GALLERY.evolve(Gallery(row.pictures if row else ()), recorded.event)
    return MediaRow(gallery.pictures) if gallery.pictures else None


MEDIA = Table(
    name="media",
    row=MediaRow,
    folds=dict.fromkeys(GALLERY.evolutions, fold),
    keys=lambda recorded: (product_of(recorded.stream),),
    of_one_stream=True,
)
