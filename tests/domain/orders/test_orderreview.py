"""Orders that a person looks at before their money is taken."""

from __future__ import annotations

import pytest

from domain.checkout import saga
from domain.errors import IllegalTransition, NotFound
from domain.orders import order
from domain.orders.order import ORDER, OrderCancelled
from domain.orders.orderreview import ReviewApproved, ReviewRejected
from domain.orders.orderreviewing import ApproveReview, BeginReview, RejectReview
from domain.orders.policy import LATER, OrderPolicy
from domain.payments import payment
from tests.domain.checkout.story import CONFIRMED, NOW, PAYMENT, PRICE, SOLD, cancelled, given, placed
from tests.domain.checkout.story import ORDER as ID
from tests.domain.orders.doubtful import APPROVED, BEGUN, DOUBTFUL, HOURS, UNTIL
from tests.spec import given as given_order

REJECTED = ReviewRejected(NOW + 1, "usr_root", b"sealed")
APPROVE = ApproveReview(ID, NOW + 1, "usr_root", b"sealed")
REJECT = RejectReview(ID, NOW + 1, "usr_root", b"sealed")
BY_THE_CLOCK = RejectReview(ID, UNTIL + 1)

# the saga


def test_the_review_begins_when_goods_and_money_are_set_aside() -> None:
    given(*SOLD[:-1], placed=DOUBTFUL).at(NOW).asks_for(*saga.next_commands(given(*SOLD[:-1]).state, NOW))
    given(*SOLD, placed=DOUBTFUL).asks_for(BeginReview(ID, NOW))


def test_under_review_it_waits_for_somebody() -> None:
    story = given(*SOLD, (ID, BEGUN), placed=DOUBTFUL)
    story.at(UNTIL).asks_for_nothing()
    assert saga.progress(story.state) == "PAYMENT_AUTHORIZED"
    assert saga.rests_until(story.state) == UNTIL
    assert not saga.is_settled(story.state)


def test_nobody_looked_at_it_in_time() -> None:
    given(*SOLD, (ID, BEGUN), placed=DOUBTFUL).at(UNTIL + 1).asks_for(BY_THE_CLOCK)


def test_approved_it_goes_on() -> None:
    approved = (*SOLD, (ID, BEGUN), (ID, APPROVED))
    given(*approved, placed=DOUBTFUL).at(UNTIL + 1).asks_for(order.ConfirmOrder(ID))
    given(*approved, CONFIRMED, placed=DOUBTFUL).asks_for(payment.RequestCapture(PAYMENT))


def test_approved_late_the_money_is_still_taken_no_earlier_than_agreed() -> None:
    both = placed(review=("amount",), review_within=HOURS, capture=LATER, capture_at=3 * HOURS)
    story = given(*SOLD, (ID, BEGUN), (ID, APPROVED), CONFIRMED, placed=both)
    story.at(3 * HOURS - 1).asks_for_nothing()
    story.at(3 * HOURS).asks_for(payment.RequestCapture(PAYMENT))


def test_rejected_everything_is_given_back_and_the_cart_stays_empty() -> None:
    after = given(*SOLD, (ID, BEGUN), (ID, REJECTED), cancelled("rejected"), placed=DOUBTFUL)
    kinds = [type(command).__name__ for command in saga.next_commands(after.state, NOW)]
    assert kinds == ["UncommitStock", "UncommitStock", "RequestVoid"]
    assert saga.rests_until(after.state) is None


# the order


def test_a_review_is_begun_once_and_only_where_there_is_a_reason() -> None:
    begin = BeginReview(ID, NOW)
    given_order(ORDER, DOUBTFUL).when(begin).then(BEGUN).when(begin).then_nothing()
    given_order(ORDER, placed()).when(begin).then_nothing()
    given_order(ORDER, DOUBTFUL, OrderCancelled("cancelled")).when(begin).then_nothing()
    given_order(ORDER).when(begin).then_refused(NotFound)


def test_without_approval_an_order_does_not_stand() -> None:
    confirm = order.ConfirmOrder(ID)
    given_order(ORDER, DOUBTFUL).when(confirm).then_refused(IllegalTransition)
    given_order(ORDER, DOUBTFUL, BEGUN).when(confirm).then_refused(IllegalTransition)
    given_order(ORDER, DOUBTFUL, BEGUN, APPROVED).when(confirm).then(order.OrderConfirmed())


def test_approving_twice_is_approving_once() -> None:
    after = given_order(ORDER, DOUBTFUL, BEGUN).when(APPROVE).then(APPROVED)
    after.when(ApproveReview(ID, NOW + 9, "usr_other")).then_nothing()
    refusal = after.when(REJECT).then_refused(IllegalTransition)
    assert "approved already" in refusal.detail


def test_rejecting_calls_the_order_off() -> None:
    after = given_order(ORDER, DOUBTFUL, BEGUN).when(REJECT).then(REJECTED, OrderCancelled("rejected", "usr_root"))
    assert order.status(after.state) == "CANCELLED"
    after.when(REJECT).then_nothing()
    assert "rejected already" in after.when(APPROVE).then_refused(IllegalTransition).detail


def test_the_clock_rejects_no_earlier_than_its_time_and_nothing_that_was_decided() -> None:
    begun = given_order(ORDER, DOUBTFUL, BEGUN)
    begun.when(RejectReview(ID, UNTIL)).then_nothing()
    begun.when(BY_THE_CLOCK).then(ReviewRejected(UNTIL + 1), OrderCancelled("rejected"))
    begun.when(APPROVE).then(APPROVED).when(BY_THE_CLOCK).then_nothing()
    given_order(ORDER, DOUBTFUL, BEGUN, OrderCancelled("cancelled", "usr_1")).when(BY_THE_CLOCK).then_nothing()


def test_after_its_time_it_may_still_be_approved_while_nobody_has_rejected_it() -> None:
    given_order(ORDER, DOUBTFUL, BEGUN).when(ApproveReview(ID, UNTIL + 5, "usr_root")).then(
        ReviewApproved(UNTIL + 5, "usr_root")
    )


@pytest.mark.parametrize("verdict", [APPROVE, REJECT])
def test_only_what_is_under_review_is_decided(verdict: ApproveReview | RejectReview) -> None:
    given_order(ORDER).when(verdict).then_refused(NotFound)
    given_order(ORDER, placed()).when(verdict).then_refused(IllegalTransition)
    given_order(ORDER, DOUBTFUL).when(verdict).then_refused(IllegalTransition)
    given_order(ORDER, DOUBTFUL, BEGUN, OrderCancelled("cancelled")).when(verdict).then_refused(IllegalTransition)


# the rules


@pytest.mark.parametrize(
    ("policy", "reasons"),
    [
        (OrderPolicy(), ()),
        (OrderPolicy(review_above=PRICE.amount), ()),
        (OrderPolicy(review_above=PRICE.amount - 1), ("amount",)),
        (OrderPolicy(review_countries=("DE",)), ()),
        (OrderPolicy(review_countries=("DE", "US")), ("country",)),
        (OrderPolicy(review_above=0, review_countries=("US",)), ("amount", "country")),
    ],
)
def test_why_an_order_is_looked_at(policy: OrderPolicy, reasons: tuple[str, ...]) -> None:
    assert policy.reasons(DOUBTFUL.quote, "US") == reasons
    assert policy.reviews or not reasons


@pytest.mark.parametrize(
    ("policy", "reviews"),
    [
        (OrderPolicy(), False),
        (OrderPolicy(review_above=0), True),
        (OrderPolicy(review_countries=("US",)), True),
    ],
)
def test_most_policies_have_nothing_looked_at(policy: OrderPolicy, reviews: bool) -> None:
    assert policy.reviews is reviews
