"""A shop for each complaint, and somebody who buys there: those of the journeys."""

from __future__ import annotations

from tests.e2e.conftest import admin as admin
from tests.e2e.conftest import house as house
from tests.e2e.conftest import seller as seller
from tests.e2e.conftest import shopper as shopper
