"""Signals in the full profile: through their topic into Redis."""

from __future__ import annotations

import pytest

from tests.e2e.finding.test_signals import (  # noqa: F401  # the point: these very tests
    test_nonsense,
    test_what_a_session_viewed_is_shown_to_it_alone,
    test_what_many_searched_for_is_suggested,
    test_whoever_would_rather_not_is_not_followed,
)

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]
