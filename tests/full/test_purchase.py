"""The purchase journey of the embedded profile, unchanged, on the full one."""

from __future__ import annotations

import pytest

from tests.e2e.buying.test_own_writes import *  # noqa: F403
from tests.e2e.buying.test_purchase import *  # noqa: F403  # the point: these very tests

pytestmark = [pytest.mark.stack, pytest.mark.timeout(600)]
