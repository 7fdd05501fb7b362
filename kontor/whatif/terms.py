"""What is to have been otherwise: promotions, hold time, stock, prices; and the files that say so."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import msgspec
from msgspec.structs import replace
from pydantic import BaseModel, ValidationError

from domain.claim import ClaimReleased
from domain.ids import derived_id, offer_id, stock_id
from domain.inventory.inventory import HOLD_MS, InventoryItem, StockAdjusted
from domain.money import Money
from domain.pricing.board import PromotionPosted, PromotionTakenDown
from domain.pricing.promotion import NoPromotion, Terms, is_use, uses_of
from domain.recorded import Recorded
from domain.sellers.offer import LiveOffer
from readapi.edge.schemas import MoneyIn
from readapi.edge.validation import entries, summary
from writeapi.bodies.promotions import PromotionTerms
from writeapi.requests import Body

FILE_MAX = 10_000_000
ALL = "all"
T = TypeVar("T", bound=BaseModel)


class BadTerms(ValueError):
    """What is wrong with them, and where."""


class Changes(NamedTuple):
    """Nothing, unless something is given."""

    promotions: dict[str, Terms] = {}
    """By id: new ones, and such as there were, with other terms; they hold from the beginning to the end."""
    without: frozenset[str] = frozenset()
    """Promotions that are left out; ``all`` leaves out whatever is not in ``promotions``."""
    hold_ms: int | None = None
    stock_factor: float = 1.0
    """Of the units that were free when the period began, and of those received in it."""
    stock: dict[str, int] = {}
    """More units, or less, by stock id. So many less than none leave none until more come in."""
    prices: dict[str, Money] = {}
    """By offer id; scheduled prices of the offer do not count then."""

    def held_for(self, usual_ms: int = HOLD_MS) -> int:
        return usual_ms if self.hold_ms is None else self.hold_ms

    def begun(self, stream: str, state: Any) -> Any:
        """A stream as it is to have been when the period began."""
        if not isinstance(state, InventoryItem) or is_use(stream):
            return state
        free = state.on_hand - state.committed - state.held
        more = round((self.stock_factor - 1) * max(free, 0)) + self.stock.get(stream, 0)
        return replace(state, on_hand=state.on_hand + more) if more else state

    def seen(self, stream: str, state: Any) -> Any:
        """A stream as whoever quotes sees it."""
        if stream.startswith("prm_") and self.leaves_out(stream):
            return NoPromotion()
        price = self.prices.get(stream)
        if price is not None and isinstance(state, LiveOffer):
            return replace(state, terms=replace(state.terms, price=price, prices=()))
        return state

    def leaves_out(self, promotion_id: str) -> bool:
        return promotion_id not in self.promotions and (ALL in self.without or promotion_id in self.without)

    def overrules(self, one: Recorded) -> bool:
        """Whether what somebody did to a promotion then has nothing to say, for its terms are given."""
        event = one.event
        match event:
            case PromotionPosted() | PromotionTakenDown():
                return event.promotion_id in self.promotions
            case ClaimReleased():
                return event.owner in self.promotions
            case StockAdjusted():
                return is_use(one.stream) and any(one.stream == uses_of(known) for known in self.promotions)
        return one.stream in self.promotions


UNCHANGED = Changes()


# files


class SomeUnits(Body):
    shop_id: str
    sku: str
    quantity: int


class OtherPrice(Body):
    shop_id: str
    sku: str
    price: MoneyIn


def promotions_of(file: Path) -> dict[str, Terms]:
    """A JSON array, or an object a line, of bodies as ``POST /api/promotions`` takes them. ``promotionId`` names the
    one that is to have had these terms, as ``PUT`` does. Raises BadTerms."""
    found: dict[str, Terms] = {}
    for number, body in enumerate(_objects(file)):
        known = body.pop("promotionId", None)
        promotion_id = known if isinstance(known, str) else derived_id("promotion", 0, "what-if", str(number))
        if promotion_id in found:
            raise BadTerms(f"{file}: {promotion_id} is named twice")
        found[promotion_id] = _checked(PromotionTerms, body, file, number).terms()
    return found


def stock_of(file: Path) -> dict[str, int]:
    """``{shopId, sku, quantity}`` each, where the quantity is added to what there was. Raises BadTerms."""
    some = [_checked(SomeUnits, body, file, number) for number, body in enumerate(_objects(file))]
    return {stock_id(one.shop_id, one.sku): one.quantity for one in some}


def prices_of(file: Path) -> dict[str, Money]:
    """``{shopId, sku, price}`` each, as lines of an import of offers. Raises BadTerms."""
    some = [_checked(OtherPrice, body, file, number) for number, body in enumerate(_objects(file))]
    return {offer_id(one.shop_id, one.sku): Money(one.price.amount, one.price.currency) for one in some}


def _checked(kind: type[T], body: dict[str, Any], file: Path, number: int) -> T:
    try:
        return kind.model_validate(body)
    except ValidationError as error:
        why = summary(entries([{**one, "loc": ("body", *one["loc"])} for one in error.errors()], body))
        raise BadTerms(f"{file}, entry {number + 1}: {why}") from error


def _objects(file: Path) -> Sequence[dict[str, Any]]:
    try:
        if file.stat().st_size > FILE_MAX:
            raise BadTerms(f"{file}: more than {FILE_MAX:,} bytes")
        text = file.read_bytes()
    except OSError as error:
        raise BadTerms(f"{file} cannot be read: {error.strerror}") from error
    try:
        if text.lstrip().startswith(b"["):
            return msgspec.json.decode(text, type=list[dict[str, Any]])
        return [msgspec.json.decode(line, type=dict[str, Any]) for line in text.splitlines() if line.strip()]
    except msgspec.MsgspecError as error:
        raise BadTerms(f"{file}: a JSON array of objects, or an object a line: {error}") from error
