"""Cancellations by line in the full profile."""

from __future__ import annotations

import pytest

from tests.e2e.orders.test_cancellations import (  # noqa: F401  # the point: these very tests
    order,
    skus,
    test_a_seller_cancels_lines_of_their_own,
    test_a_seller_of_everything_cancels_the_whole_order,
    test_cancel_and_pack_at_the_same_instant,
    test_clicked_twice,
    test_line_by_line_until_nothing_is_left,
    test_some_units_by_the_buyer,
    test_what_is_packed_stays_and_the_rest_goes,
)

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]
