"""What sellers earn and the marketplace keeps, in the full profile."""

from __future__ import annotations

import pytest

from tests.e2e.operating.test_ledger import (  # noqa: F401  # the point: these very tests
    test_what_is_bought_and_called_off_goes_through_every_account,
)

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]
SETTINGS = {"KONTOR_COMMISSION_PPM": "100000"}
