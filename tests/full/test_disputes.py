"""Disputes in the full profile: opened at the provider, told to the command service, listed from Cassandra."""

from __future__ import annotations

import pytest

from tests.e2e.orders.test_disputes import (  # noqa: F401  # the point: these very tests
    order,
    test_open_and_lost,
    test_units_called_off_whose_money_is_lost_are_told_to_administrators,
    test_what_a_lost_dispute_left_of_a_refund_is_given_back_when_somebody_asks,
    test_what_is_not_disputed_can_be_refunded_meanwhile,
    test_won_the_money_can_be_refunded,
)

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]
