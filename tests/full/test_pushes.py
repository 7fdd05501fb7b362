"""What merchants push, in the full profile: taken by the command service, and each message once."""

from __future__ import annotations

import pytest

from tests.e2e.selling.test_pushes import (  # noqa: F401  # the point: these very tests
    test_a_message_that_comes_again_changes_nothing,
    test_a_message_without_rows_is_refused,
    test_a_shop_that_is_not_there_takes_nothing,
    test_only_who_has_the_secret_may_push,
    test_rows_that_are_pushed_are_taken_as_those_of_a_feed,
)

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]
