"""Where a gift card's rules begin and end."""

from __future__ import annotations

import pytest

from domain.payments.giftcard import (
    GIFT_CARD,
    VALUE_MAX,
    GiftCardIssued,
    GiftCardRefunded,
    GiftCardReserved,
    IssueGiftCard,
    RefundGiftCard,
    Use,
    unusable,
)
from tests.domain.payments.giftcards import CARD, ID, ISSUED, NOW, ORDER, REDEEMED
from tests.spec import given, usd


@pytest.mark.parametrize(("status", "left"), [("reserved", 0), ("released", 0), ("redeemed", 100)])
def test_only_what_was_redeemed_can_be_given_back(status: str, left: int):
    assert Use(100, status).left == left


def test_one_cent_can_be_given_back():
    REDEEMED.when(RefundGiftCard(ID, ORDER, "rfd_1", usd(1))).then(GiftCardRefunded(ORDER, usd(1), "rfd_1"))


def test_a_card_may_be_worth_as_much_as_any():
    given(GIFT_CARD).when(IssueGiftCard(ID, usd(VALUE_MAX), NOW)).then(GiftCardIssued(usd(VALUE_MAX)))


def test_a_card_of_which_nothing_is_left_says_so():
    spent = given(GIFT_CARD, ISSUED, GiftCardReserved(ORDER, ISSUED.value))
    assert unusable(spent.state, "USD", NOW) == "empty"
    assert unusable(CARD.state, "USD", NOW) == ""
