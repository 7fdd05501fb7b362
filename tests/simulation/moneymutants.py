"""Bugs to be planted where money moves: payments, gift cards, disputes, the ledger and the reconciliation."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from msgspec.structs import replace as with_fields

from commands.engine import Engine
from domain.books import difference, orderbooks, reconciliation
from domain.books.course import TAKEN
from domain.books.ledger import LEDGER, PostTransactions
from domain.checkout import moneysteps
from domain.money import Money
from domain.payments import giftcard, payment
from streams.money import payments, reconciling
from streams.money.bookkeeping import Bookkeeping
from streams.money.effect import perform
from streams.money.payments import PaymentProcess
from streams.money.reconciling import _Run


def charged_under_a_new_key(plant: pytest.MonkeyPatch) -> None:
    """Each attempt has a key of its own, so that the provider cannot tell it from another purchase."""
    _new_key_for_each(plant, "authorize")


def refunded_twice(plant: pytest.MonkeyPatch) -> None:
    _new_key_for_each(plant, "refund")


def _new_key_for_each(plant: pytest.MonkeyPatch, kind: str) -> None:
    attempts = iter(range(1_000_000))

    async def anew(gateway: Any, effect: Any) -> Any:
        if effect.kind == kind:
            effect = replace(effect, key=f"{effect.key}#{next(attempts)}")
        return await perform(gateway, effect)

    plant.setattr(payments, "perform", anew)


def payments_not_taken_up_again(plant: pytest.MonkeyPatch) -> None:
    async def nothing(process: Any) -> None:
        pass

    plant.setattr(PaymentProcess, "sweep", nothing)


def posted_twice(plant: pytest.MonkeyPatch) -> None:
    """The books begin anew with each process, and the journal takes what it has."""

    async def from_the_start(books: Any) -> None:
        books._after = 0

    decide = LEDGER.decisions[PostTransactions]
    plant.setattr(Bookkeeping, "begin", from_the_start)
    plant.setitem(
        LEDGER.decisions, PostTransactions, lambda command, state: decide(command, with_fields(state, upto=0))
    )


def captured_twice(plant: pytest.MonkeyPatch) -> None:
    """An outcome that comes a second time is recorded a second time."""
    plant.setitem(payment.PAYMENT.decisions, payment.RecordCapture, _captured_again)


def _captured_again(command: Any, state: Any) -> list[Any]:
    return [payment.PaymentCaptured(state.amount)]


def card_not_looked_at(plant: pytest.MonkeyPatch) -> None:
    """A gift card pays whatever is asked of it."""
    plant.setitem(giftcard.GIFT_CARD.decisions, giftcard.ReserveGiftCard, _reserved_anyhow)


def _reserved_anyhow(command: Any, state: Any) -> list[Any]:
    known = command.order_id in state.uses
    return [] if known else [giftcard.GiftCardReserved(command.order_id, command.amount)]


def card_not_given_back(plant: pytest.MonkeyPatch) -> None:
    plant.setattr(moneysteps, "_undo_card", lambda state: [])


def capture_taken_for_the_first(plant: pytest.MonkeyPatch) -> None:
    """The books do not look whether a bank took the money before they heard of the capture."""

    async def taken(books: Any, moved: Any) -> bool:
        return isinstance(moved.event, TAKEN)

    plant.setattr(Bookkeeping, "_is_first", taken)


def disputes_opened_again(plant: pytest.MonkeyPatch) -> None:
    """Each callback opens what it tells of, as if nobody had heard of it."""
    decide = payment.PAYMENT.decisions[payment.RecordDispute]

    def anew(command: Any, state: Any) -> Any:
        return decide(command, with_fields(state, disputes={}) if isinstance(state, payment.Payment) else state)

    plant.setitem(payment.PAYMENT.decisions, payment.RecordDispute, anew)


def disputed_money_given_back(plant: pytest.MonkeyPatch) -> None:
    """What banks have taken is asked of the provider once more."""

    def left(state: payment.Payment) -> Money:
        back = sum(one.amount.amount for one in state.refunds.values() if one.status != "refused")
        return Money(state.amount.amount - back, state.amount.currency)

    plant.setattr(payment.Payment, "left", property(left))
    plant.setattr(moneysteps, "_left", lambda state: state.placed.due.amount - state.payment.back)


def books_ahead_of_their_orders(plant: pytest.MonkeyPatch) -> None:
    """What a parcel is paid for is looked up in the order as it was before it was packed."""
    plant.setattr(Engine, "state_since", lambda engine, stream, position: engine.state(stream))


def books_forget_earlier_parcels(plant: pytest.MonkeyPatch) -> None:
    """Whoever reconciles knows what was taken last, and not what had been taken before."""
    captured = orderbooks.EVOLUTIONS[payment.PaymentCaptured]

    def last(books: Any, recorded: Any) -> Any:
        others = tuple(move for move in books.moves if move.kind != "capture")
        return captured(with_fields(books, moves=others), recorded)

    plant.setitem(orderbooks.EVOLUTIONS, payment.PaymentCaptured, last)


def differences_stay_open(plant: pytest.MonkeyPatch) -> None:
    """What a night in the middle of things took for different is told for ever."""
    plant.setitem(difference.DIFFERENCE.decisions, difference.SettleDifference, lambda command, state: [])


def verdicts_not_asked_for(plant: pytest.MonkeyPatch) -> None:
    """A dispute that was lost stays open when its callback never came: no statement tells of it."""

    async def nothing(run: Any) -> None:
        pass

    plant.setattr(_Run, "ask_for_verdicts", nothing)
    plant.setattr(reconciliation, "disputed", lambda books, movements: [])
    plant.setattr(reconciling, "disputed", lambda books, movements: [])
