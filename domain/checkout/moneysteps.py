"""The saga at the money: what is to be asked of the gift card and of the payment of one checkout.

card:    reserved → redeemed, or released; given back to
payment: authorized → captured, or voided; refunded

The card pays as far as it goes, the payment method what is due beyond that. What is taken by parcel is in
``parcelsteps.py``.
"""

from __future__ import annotations

from domain.checkout.funds import Refunding
from domain.checkout.sagastate import Checkout, captured, is_by_parcel
from domain.decider import Command
from domain.ids import payment_id
from domain.orders import order
from domain.payments import giftcard, payment


def is_free(state: Checkout) -> bool:
    """Promotions pay for everything. Older orders asked the provider for a payment of nothing, and go on with that."""
    return state.payment.status == "none" and not state.placed.quote.totals.grand.amount


def is_funded(state: Checkout) -> bool:
    """All of the money is set aside: authorized, or reserved on a gift card that pays for everything. Of an order that
    costs nothing there is none, once its goods are held."""
    if state.payment.status != "none":
        return state.payment.status == "authorized"
    if is_free(state):
        return all(line.stock != "none" for line in state.lines)
    return state.card.status == "reserved" and not state.placed.due.amount


def fund(state: Checkout, now: int) -> list[Command]:
    """The gift card first, then the payment method for what is due. Where the card was released, the order was called
    off, whether or not that is known here."""
    placed = state.placed
    covered = placed.gift_card
    if covered is not None and state.card.status != "reserved":
        reserve = giftcard.ReserveGiftCard(covered.gift_card_id, state.order_id, covered.amount, now)
        return [] if state.card.status else [reserve]
    paid, method = payment_id(state.order_id), placed.payment_token
    return [payment.RequestAuthorization(paid, state.order_id, placed.due, method, placed.at, is_by_parcel(state))]


def take(state: Checkout) -> list[Command]:
    """What is set aside. Where the card pays a part, its turn comes once the payment is captured."""
    if state.payment.status == "authorized":
        return [payment.RequestCapture(payment_id(state.order_id))]
    return redeem(state)


def redeem(state: Checkout) -> list[Command]:
    covered = state.placed.gift_card
    if covered is None or state.card.status == "redeemed":
        return []
    return [giftcard.RedeemGiftCard(covered.gift_card_id, state.order_id)]


def refund(state: Checkout) -> list[Command]:
    """What is owed back is put on the gift card, and asked of the payment one after the other; once all has gone back,
    the order is told."""
    commands = _refund_card(state) + _refund_payment(state)
    if not commands and not state.refunded and _is_refunded(state):
        return [order.MarkOrderRefunded(state.order_id)]
    return commands


def give_back(state: Checkout) -> list[Command]:
    """Of an order that was called off: whatever it has of the money. An unanswered authorization or capture is waited
    for."""
    if state.payment.status == "authorized":
        return [*_undo_card(state), payment.RequestVoid(payment_id(state.order_id), state.reason)]
    return _undo_card(state) + (_refund_payment(state) or _refund_rest(state))


def _undo_card(state: Checkout) -> list[Command]:
    covered = state.placed.gift_card
    if covered is None:
        return []
    if state.card.status == "reserved":
        return [giftcard.ReleaseGiftCard(covered.gift_card_id, state.order_id)]
    if state.card.status == "redeemed" and state.card.back < covered.amount.amount:
        return [giftcard.RefundGiftCard(covered.gift_card_id, state.order_id)]
    return []


def _refund_card(state: Checkout) -> list[Command]:
    covered = state.placed.gift_card
    if covered is None or state.card.status != "redeemed":
        return []
    return [
        giftcard.RefundGiftCard(covered.gift_card_id, state.order_id, refund_id, amount)
        for refund_id, amount in state.card.owed.items()
    ]


def _refund_payment(state: Checkout) -> list[Command]:
    """What a buyer disputes cannot be given back until the bank has decided: whatever needs it waits. The provider may
    know of a dispute before we do and refuse; once it is decided, whatever is there then is asked for again."""
    paid = state.payment
    if paid.status not in payment.REFUNDABLE:
        return []
    for refund_id, owed in paid.owed.items():
        if not paid.contested or owed.amount.amount <= _left(state):
            return [payment.RequestRefund(payment_id(state.order_id), owed.reason, refund_id, owed.amount)]
    for refund_id, refused in paid.refused.items():
        if refused.decided < paid.decided and _is_there(state, refund_id, refused):
            return [payment.RetryRefund(payment_id(state.order_id), refund_id, refused.reason)]
    return []


def _refund_rest(state: Checkout) -> list[Command]:
    paid = state.payment
    if paid.status not in payment.REFUNDABLE or paid.rest_asked or paid.contested or _is_lost(state):
        return []
    return [payment.RequestRefund(payment_id(state.order_id), state.reason)]


def _is_there(state: Checkout, refund_id: str, refused: Refunding) -> bool:
    """Whether what the provider would not give back, since it was disputed, can be given back now, or what a lost
    dispute has left of it."""
    left, wanted = _left(state), refused.amount.amount
    if refund_id != payment.THE_REST and (wanted <= left or wanted > left + state.payment.lost):
        return wanted <= left
    return not state.payment.contested and left > 0


def _is_refunded(state: Checkout) -> bool:
    covered = state.placed.gift_card
    if covered is None:
        return state.payment.status == "refunded"
    whole = state.card.back >= covered.amount.amount
    return whole and (state.payment.status == "refunded" or not state.placed.due.amount)


def _is_lost(state: Checkout) -> bool:
    """Whether a dispute has left nothing to be given back."""
    return state.payment.lost > 0 and _left(state) <= 0


def _left(state: Checkout) -> int:
    """Minor units of what was captured that are neither given back nor disputed."""
    paid = state.payment
    return captured(state) - paid.back - sum(paid.contested.values()) - paid.lost
