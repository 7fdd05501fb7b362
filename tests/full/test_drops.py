"""A drop on the full profile: the line lies in the vault's database, which both services ask."""

from __future__ import annotations

import pytest

from tests.e2e.buying.test_drop_opening import *  # noqa: F403  # the point: these very tests

pytestmark = [pytest.mark.stack, pytest.mark.timeout(600)]
