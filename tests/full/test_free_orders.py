"""Orders that cost nothing, in the full profile."""

from __future__ import annotations

import pytest

from tests.e2e.buying.test_free_orders import (  # noqa: F401  # the point: these very tests
    test_a_seller_who_gives_it_away_is_owed_nothing,
    test_the_marketplace_owes_the_seller_what_it_gives_away,
)

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]
SETTINGS = {"KONTOR_COMMISSION_PPM": "100000", "KONTOR_CAPTURE": "shipment"}
