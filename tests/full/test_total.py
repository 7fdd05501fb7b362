"""In the full profile too an order comes to the total that its buyer has seen, or to nothing."""

from __future__ import annotations

import pytest

from tests.e2e.test_prices import (  # noqa: F401  # the point: these very tests
    test_it_is_the_whole_price_that_counts_whatever_pays_for_it,
    test_what_was_quoted_is_paid_or_nothing,
)

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]
