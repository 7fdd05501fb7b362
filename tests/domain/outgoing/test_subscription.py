"""Who is told of what, as a specification."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from domain.errors import Invalid, LimitExceeded, NotFound
from domain.outgoing.subscription import (
    BOOK,
    GONE,
    PATTERNS_MAX,
    SUBSCRIPTIONS,
    SUBSCRIPTIONS_MAX,
    URL_MAX,
    CreateSubscription,
    DeleteSubscription,
    DisableSubscription,
    SubscriptionCreated,
    SubscriptionDeleted,
    SubscriptionDisabled,
)
from tests.spec import given

ID, URL = "sub_1", "https://hooks.example/kontor"
CREATE = CreateSubscription(BOOK, ID, URL, ("order.*",), b"sealed", 41, 5)
CREATED = SubscriptionCreated(ID, URL, ("order.*",), b"sealed", 41, 5)
DISABLE = DisableSubscription(BOOK, ID, GONE, 6)
DISABLED = SubscriptionDisabled(ID, GONE, 6)
DELETE = DeleteSubscription(BOOK, ID, 7)


def test_a_subscription_is_created_once():
    given(SUBSCRIPTIONS).when(CREATE).then(CREATED).when(CREATE).then_nothing()


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"url": "https://" + "x" * URL_MAX}, "/url"),
        ({"types": ()}, "/types"),
        ({"types": ("order.paid",) * (PATTERNS_MAX + 1)}, "/types"),
    ],
)
def test_what_it_says_is_bounded(change: dict[str, Any], pointer: str):
    refused = given(SUBSCRIPTIONS).when(replace(CREATE, **change)).then_refused(Invalid)
    assert refused.pointer == pointer


def test_there_are_so_many_and_no_more():
    full = given(SUBSCRIPTIONS, *(replace(CREATED, subscription_id=f"sub_{n}") for n in range(SUBSCRIPTIONS_MAX)))
    one_more = replace(CREATE, subscription_id="sub_more")
    assert full.when(one_more).then_refused(LimitExceeded).data == {"limit": SUBSCRIPTIONS_MAX}
    after = full.when(DeleteSubscription(BOOK, "sub_3", 7)).then(SubscriptionDeleted("sub_3", 7))
    after.when(one_more).then(replace(CREATED, subscription_id="sub_more"))


def test_it_is_disabled_for_one_reason():
    disabled = given(SUBSCRIPTIONS, CREATED).when(DISABLE).then(DISABLED)
    disabled.when(replace(DISABLE, at=8)).then_nothing()
    one = disabled.state.all[ID]
    assert (one.disabled, one.created_at, one.updated_at, one.version) == (GONE, 5, 6, 2)


def test_it_is_deleted_whether_disabled_or_not():
    for events in ((CREATED,), (CREATED, DISABLED)):
        after = given(SUBSCRIPTIONS, *events).when(DELETE).then(SubscriptionDeleted(ID, 7))
        assert after.state.all == {}
        after.when(DELETE).then_refused(NotFound)


def test_one_that_is_not_there():
    given(SUBSCRIPTIONS).when(DISABLE).then_refused(NotFound)
    given(SUBSCRIPTIONS).when(DELETE).then_refused(NotFound)


def test_what_was_deleted_meanwhile_stays_deleted():
    history = given(SUBSCRIPTIONS, CREATED, SubscriptionDeleted(ID, 7), DISABLED)
    assert history.state.all == {}


def test_it_may_say_as_much_as_this():
    most = replace(CREATE, url="https://".ljust(URL_MAX, "x"), types=("order.paid",) * PATTERNS_MAX)
    given(SUBSCRIPTIONS).when(most).then(replace(CREATED, url=most.url, types=most.types))


def test_whoever_is_deleted_takes_nobody_along():
    other = replace(CREATED, subscription_id="sub_2")
    assert given(SUBSCRIPTIONS, CREATED, other, SubscriptionDeleted(ID, 7)).state.all.keys() == {"sub_2"}
