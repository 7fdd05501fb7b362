"""The beginning of a run under other terms: promotions are put up, by the deciders that put up any."""

from __future__ import annotations

from domain.claim import Claim, ClaimTaken
from domain.errors import DomainError, Invalid
from domain.ids import claim_id
from domain.inventory.inventory import SetStock
from domain.pricing.board import PostPromotion, board_of
from domain.pricing.promotion import PutPromotion, Terms, uses_of
from kontor.whatif.terms import BadTerms, Changes
from kontor.whatif.world import World


def open_under(world: World, changes: Changes, at: int) -> None:
    """Raises BadTerms for terms that no promotion may have."""
    for promotion_id, terms in changes.promotions.items():
        try:
            _put(world, changes, promotion_id, terms, at)
        except DomainError as refusal:
            where = f" ({refusal.pointer})" if isinstance(refusal, Invalid) and refusal.pointer else ""
            raise BadTerms(f"the promotion {terms.name!r}{where}: {refusal.detail}") from refusal


def _put(world: World, changes: Changes, promotion_id: str, terms: Terms, at: int) -> None:
    """Raises DomainError, BadTerms."""
    world.decide(PutPromotion(promotion_id, terms), at)
    if terms.limit is not None:
        world.decide(SetStock(uses_of(promotion_id), terms.limit, at, "limit"), at)
    if not terms.code:
        world.decide(PostPromotion(board_of(terms.scope.shop_id), promotion_id), at)
        return
    claim = claim_id("coupon", terms.code)
    known: Claim = world.state(claim)
    if known.owner not in ("", promotion_id) and not changes.leaves_out(known.owner):
        raise BadTerms(
            f"the code {terms.code} is that of {known.owner}: name it as promotionId, or leave it out with --without"
        )
    world.happen(claim, ClaimTaken(promotion_id), at)
