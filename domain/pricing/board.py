"""Board: which promotions run by themselves, without a coupon. Stream ``brd_market`` or ``brd_<shop>``.

A quote asks the boards of the market and of the sellers in the cart, so it sees a promotion as soon as it is up, and
needs no view to be alive.
"""

from __future__ import annotations

from domain.decider import Command, Decider, Event, State
from domain.errors import LimitExceeded

POSTED_MAX = 200


class PromotionPosted(Event, frozen=True):
    promotion_id: str


class PromotionTakenDown(Event, frozen=True):
    promotion_id: str


class PostPromotion(Command, frozen=True):
    board_id: str
    promotion_id: str


class TakeDownPromotion(Command, frozen=True):
    board_id: str
    promotion_id: str


class Board(State, frozen=True):
    promotions: tuple[str, ...] = ()


def board_of(shop_id: str) -> str:
    """The stream; of the market for an empty shop id."""
    return f"brd_{shop_id or 'market'}"


def post_promotion(command: PostPromotion, state: Board) -> list[Event]:
    if command.promotion_id in state.promotions:
        return []
    if len(state.promotions) >= POSTED_MAX:
        raise LimitExceeded(
            f"at most {POSTED_MAX} promotions run at once without a code; end one first", limit=POSTED_MAX
        )
    return [PromotionPosted(command.promotion_id)]


def take_down_promotion(command: TakeDownPromotion, state: Board) -> list[Event]:
    return [PromotionTakenDown(command.promotion_id)] if command.promotion_id in state.promotions else []


def promotion_posted(state: Board, event: PromotionPosted) -> Board:
    return Board((*state.promotions, event.promotion_id))


def promotion_taken_down(state: Board, event: PromotionTakenDown) -> Board:
    return Board(tuple(promotion_id for promotion_id in state.promotions if promotion_id != event.promotion_id))


BOARD = Decider(
    name="board",
    initial=Board(),
    states=Board,
    decisions={PostPromotion: post_promotion, TakeDownPromotion: take_down_promotion},
    evolutions={PromotionPosted: promotion_posted, PromotionTakenDown: promotion_taken_down},
)
