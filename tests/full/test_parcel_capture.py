"""Money that is taken parcel by parcel, in the full profile."""

from __future__ import annotations

import pytest

from tests.e2e.buying.test_parcel_capture import (  # noqa: F401  # the point: these very tests
    order,
    other,
    test_called_off_whole_before_it_is_packed_nothing_is_taken,
    test_each_seller_is_paid_for_what_it_sends,
    test_what_is_called_off_is_never_taken_and_what_comes_back_is_given_back,
    test_with_a_gift_card_the_first_parcel_has_all_of_it_taken,
)

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]
SETTINGS = {"KONTOR_CAPTURE": "parcel", "KONTOR_COMMISSION_PPM": "100000"}
