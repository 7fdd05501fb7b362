"""Returns in the full profile."""

from __future__ import annotations

import pytest

from tests.e2e.orders.test_returns import (  # noqa: F401  # the point: these very tests
    order,
    skus,
    test_a_part_arrives_and_is_written_off,
    test_every_step_twice_is_done_once,
    test_everything_with_its_shipping_is_refunded_whole,
    test_from_the_request_to_the_refund,
    test_only_what_was_delivered_and_of_one_shop,
    test_rejected,
    test_what_people_wrote_goes_with_the_person,
    test_who_may,
)

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]
