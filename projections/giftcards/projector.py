"""Gift cards, for those who issued them."""

from __future__ import annotations

from typing import Any

from domain.payments.giftcard import GIFT_CARD, GiftCard
from domain.recorded import Recorded
from projections.projector import Index, Projection, Table, ViewRow


class GiftCardRow(ViewRow, frozen=True):
    card: GiftCard
    created_at: int
    updated_at: int
    version: int


def fold(row: GiftCardRow | None, recorded: Recorded) -> GiftCardRow | None:
    card: Any = GIFT_CARD.evolve(row.card if row else GIFT_CARD.initial, recorded.event)
    if not isinstance(card, GiftCard):
        return None
    at = recorded.meta.occurred_at
    return GiftCardRow(card, row.created_at if row else at, at, recorded.version)


GIFT_CARD_ROWS = Table(
    name="gift_cards",
    row=GiftCardRow,
    folds=dict.fromkeys(GIFT_CARD.evolutions, fold),
    indexes={"shop": Index(lambda key, row: row.card.shop_id, lambda key, row: row.created_at)},
)
GIFT_CARDS = Projection("gift_cards", 1, (GIFT_CARD_ROWS,))
