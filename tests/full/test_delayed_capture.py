"""Money that is taken when the goods leave, in the full profile."""

from __future__ import annotations

import pytest

from tests.e2e.buying.test_delayed_capture import (  # noqa: F401  # the point: these very tests
    order,
    test_a_parcel_that_is_only_packed_brings_the_money_too,
    test_a_refused_capture_cancels_the_order_and_nothing_leaves,
    test_called_off_before_the_money_is_let_go_and_the_goods_go_back,
    test_the_first_parcel_brings_the_money_and_leaves_when_it_is_there,
)

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]
SETTINGS = {"KONTOR_CAPTURE": "shipment"}
