"""Gift cards as a specification."""

from __future__ import annotations

import pytest

from domain.errors import IllegalTransition, Invalid, NotFound
from domain.money import Money
from domain.payments.giftcard import (
    GIFT_CARD,
    USES_MAX,
    VALUE_MAX,
    DisableGiftCard,
    GiftCard,
    GiftCardDisabled,
    GiftCardIssued,
    GiftCardRedeemed,
    GiftCardRefunded,
    GiftCardRefused,
    GiftCardReleased,
    GiftCardReserved,
    IssueGiftCard,
    RedeemGiftCard,
    RefundGiftCard,
    ReleaseGiftCard,
    ReserveGiftCard,
    status,
)
from tests.domain.payments.giftcards import CARD, ID, ISSUED, LATER, NOW, ORDER, OTHER, REDEEMED, RESERVED
from tests.spec import given, usd


def reserve(amount: int = 3_000, order_id: str = ORDER, at: int = NOW, currency: str = "USD") -> ReserveGiftCard:
    return ReserveGiftCard(ID, order_id, Money(amount, currency), at)


# issuing


def test_a_card_is_issued_once():
    issue = IssueGiftCard(ID, usd(5_000), NOW, LATER, "shp_a")
    issued = GiftCardIssued(usd(5_000), LATER, "shp_a")
    given(GIFT_CARD).when(issue).then(issued).when(issue).then_nothing()


@pytest.mark.parametrize(
    "other",
    [
        IssueGiftCard(ID, usd(6_000), NOW),
        IssueGiftCard(ID, Money(5_000, "EUR"), NOW),
        IssueGiftCard(ID, usd(5_000), NOW, LATER),
        IssueGiftCard(ID, usd(5_000), NOW, shop_id="shp_a"),
    ],
)
def test_a_key_makes_one_card(other):
    CARD.when(other).then_refused(IllegalTransition)


@pytest.mark.parametrize("amount", [0, -1, VALUE_MAX + 1])
def test_its_value_is_within_limits(amount):
    refused = given(GIFT_CARD).when(IssueGiftCard(ID, usd(amount), NOW)).then_refused(Invalid)
    assert refused.pointer == "/value/amount"


def test_it_expires_in_the_future():
    refused = given(GIFT_CARD).when(IssueGiftCard(ID, usd(1), NOW, NOW)).then_refused(Invalid)
    assert refused.pointer == "/expiresAt"


@pytest.mark.parametrize(
    "command",
    [reserve(), ReleaseGiftCard(ID, ORDER), RedeemGiftCard(ID, ORDER), RefundGiftCard(ID, ORDER), DisableGiftCard(ID)],
)
def test_nothing_is_done_with_a_card_that_is_none(command):
    given(GIFT_CARD).when(command).then_refused(NotFound)


# an order


def test_an_order_reserves_once_and_redeems_once():
    after = CARD.when(reserve()).then(GiftCardReserved(ORDER, usd(3_000)))
    assert (after.state.balance, after.state.reserved) == (2_000, 3_000)
    again = after.when(reserve()).then_nothing().when(RedeemGiftCard(ID, ORDER))
    done = again.then(GiftCardRedeemed(ORDER, usd(3_000))).when(RedeemGiftCard(ID, ORDER)).then_nothing()
    done.when(reserve()).then_nothing()
    assert (done.state.balance, done.state.reserved) == (2_000, 0)


def test_what_comes_to_nothing_is_there_again_and_not_taken_a_second_time():
    after = RESERVED.when(ReleaseGiftCard(ID, ORDER)).then(GiftCardReleased(ORDER, usd(3_000)))
    assert (after.state.balance, after.state.reserved) == (5_000, 0)
    after.when(ReleaseGiftCard(ID, ORDER)).then_nothing()
    after.when(reserve()).then_nothing()
    after.when(RedeemGiftCard(ID, ORDER)).then_refused(IllegalTransition)


def test_releasing_says_nothing_of_what_was_never_reserved_or_is_redeemed():
    CARD.when(ReleaseGiftCard(ID, ORDER)).then_nothing()
    REDEEMED.when(ReleaseGiftCard(ID, ORDER)).then_nothing()


def test_only_what_is_reserved_is_redeemed():
    CARD.when(RedeemGiftCard(ID, ORDER)).then_refused(IllegalTransition)


def test_others_get_what_is_left():
    RESERVED.when(reserve(2_001, OTHER)).then(GiftCardRefused(OTHER, usd(2_001), "empty"))
    RESERVED.when(reserve(2_000, OTHER)).then(GiftCardReserved(OTHER, usd(2_000)))


@pytest.mark.parametrize(
    ("events", "command", "reason"),
    [
        ((GiftCardIssued(usd(5_000), LATER),), reserve(at=LATER), "expired"),
        ((ISSUED, GiftCardDisabled()), reserve(), "disabled"),
        ((ISSUED,), reserve(currency="EUR"), "currency"),
        ((ISSUED, GiftCardReserved(OTHER, usd(5_000))), reserve(1), "empty"),
    ],
)
def test_refused(events, command, reason):
    given(GIFT_CARD, *events).when(command).then(GiftCardRefused(ORDER, command.amount, reason))


def test_it_pays_up_to_the_instant_at_which_it_expires():
    card = given(GIFT_CARD, GiftCardIssued(usd(5_000), LATER))
    card.when(reserve(at=LATER - 1)).then(GiftCardReserved(ORDER, usd(3_000)))
    assert (status(card.state, LATER - 1), status(card.state, LATER)) == ("active", "expired")


def test_so_many_orders_have_to_do_with_it():
    many = [GiftCardReserved(f"ord_{number}", usd(1)) for number in range(2, USES_MAX + 2)]
    full = given(GIFT_CARD, ISSUED, *many)
    full.when(reserve()).then(GiftCardRefused(ORDER, usd(3_000), "used_up"))
    given(GIFT_CARD, ISSUED, *many[1:]).when(reserve()).then(GiftCardReserved(ORDER, usd(3_000)))


@pytest.mark.parametrize("events", [(GiftCardDisabled(),), ()])
def test_what_is_reserved_is_settled_whatever_becomes_of_the_card(events):
    expired = given(GIFT_CARD, GiftCardIssued(usd(5_000), LATER), GiftCardReserved(ORDER, usd(3_000)), *events)
    expired.when(RedeemGiftCard(ID, ORDER)).then(GiftCardRedeemed(ORDER, usd(3_000)))
    expired.when(ReleaseGiftCard(ID, ORDER)).then(GiftCardReleased(ORDER, usd(3_000)))


# giving back


def test_parts_are_given_back_once_each_and_can_be_spent_again():
    first = RefundGiftCard(ID, ORDER, "rfd_1", usd(1_000))
    after = REDEEMED.when(first).then(GiftCardRefunded(ORDER, usd(1_000), "rfd_1")).when(first).then_nothing()
    assert after.state.balance == 3_000
    after.when(RefundGiftCard(ID, ORDER, "rfd_2", usd(2_001))).then_refused(Invalid)
    after.when(RefundGiftCard(ID, ORDER, "rfd_2", Money(1, "EUR"))).then_refused(Invalid)
    after.when(RefundGiftCard(ID, ORDER, "rfd_2", usd(0))).then_refused(Invalid)
    whole = after.when(RefundGiftCard(ID, ORDER)).then(GiftCardRefunded(ORDER, usd(2_000)))
    assert whole.state.balance == 5_000
    whole.when(RefundGiftCard(ID, ORDER)).then_nothing()
    whole.when(RefundGiftCard(ID, ORDER, "rfd_3", usd(1))).then_nothing()
    whole.when(reserve(5_000, OTHER)).then(GiftCardReserved(OTHER, usd(5_000)))


@pytest.mark.parametrize("known", [CARD, RESERVED])
def test_only_what_was_redeemed_is_given_back(known):
    known.when(RefundGiftCard(ID, ORDER)).then_refused(IllegalTransition)


def test_disabling_is_for_good():
    after = CARD.when(DisableGiftCard(ID)).then(GiftCardDisabled()).when(DisableGiftCard(ID)).then_nothing()
    assert isinstance(after.state, GiftCard)
    assert status(after.state, NOW) == "disabled"
    after.when(IssueGiftCard(ID, usd(5_000), NOW)).then_nothing()
