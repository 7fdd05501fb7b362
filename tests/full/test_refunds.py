"""Refunds in the full profile: whole, in parts, at the same instant, and refused by the provider."""

from __future__ import annotations

import pytest

from tests.e2e.orders.test_refunds import (  # noqa: F401  # the point: these very tests
    order,
    test_a_part_and_then_the_rest,
    test_a_refused_refund_is_tried_again,
    test_called_off_after_a_partial_refund,
    test_lines_and_shipping,
    test_only_administrators_refund_all_or_any_amount,
    test_refund_clicked_twice,
    test_the_rest_of_an_order_that_is_called_off_may_be_refused_too,
    test_two_refunds_at_the_same_instant_exceed_the_captured_amount,
)

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]
