"""What a CDN hears in the full profile, where workers fill the views."""

from __future__ import annotations

import pytest

from tests.e2e.finding.test_cdn import (  # noqa: F401  # the point: these very tests
    test_a_page_is_purged_by_its_category_and_by_each_of_its_products,
    test_whoever_purges_hears_which_keys_and_of_stock_only_what_is_seen,
)

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]
