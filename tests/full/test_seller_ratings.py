"""Ratings of shops in the full profile."""

from __future__ import annotations

import pytest

from tests.e2e.finding.test_seller_ratings import (  # noqa: F401  # the point: these very tests
    sku,
    test_a_buyer_is_told_how_he_rated_the_shop,
    test_a_repeated_request_rates_once,
    test_from_the_delivery_to_the_offer,
    test_who_has_got_nothing_cannot,
)

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]
