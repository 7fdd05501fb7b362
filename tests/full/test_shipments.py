"""Shipments in the full profile."""

from __future__ import annotations

import pytest

from tests.e2e.orders.test_shipments import (  # noqa: F401  # the point: these very tests
    order,
    test_a_backorder_that_ships_as_it_comes_is_counted_in,
    test_a_repeated_request_packs_once,
    test_each_seller_ships_their_own,
    test_from_packed_to_delivered,
    test_in_parts_the_order_is_as_far_as_its_last_unit,
    test_what_has_left_leaves_the_stock,
    test_what_is_packed_cannot_be_called_off,
)

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]
