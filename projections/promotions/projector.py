"""Promotions, for those who run them."""

from __future__ import annotations

from msgspec.structs import replace

from domain.pricing.promotion import PromotionEnded, PromotionPut, Terms
from domain.recorded import Recorded
from projections.projector import Index, Projection, Table, ViewRow


class PromotionRow(ViewRow, frozen=True):
    terms: Terms
    created_at: int
    updated_at: int
    version: int
    ended: bool = False


def promotion_put(row: PromotionRow | None, recorded: Recorded) -> PromotionRow:
    at = recorded.meta.occurred_at
    return PromotionRow(recorded.event.terms, row.created_at if row else at, at, recorded.version)


def promotion_ended(row: PromotionRow, recorded: Recorded) -> PromotionRow:
    return replace(row, ended=True, updated_at=recorded.meta.occurred_at, version=recorded.version)


PROMOTION_ROWS = Table(
    name="promotions",
    row=PromotionRow,
    folds={PromotionPut: promotion_put, PromotionEnded: promotion_ended},
    indexes={"shop": Index(lambda key, row: row.terms.scope.shop_id, lambda key, row: row.created_at)},
)
PROMOTIONS = Projection("promotions", 1, (PROMOTION_ROWS,))
