"""What delivery costs, in the full profile: told by the query service from its own views."""

from __future__ import annotations

import pytest

from tests.e2e.buying.test_delivery_costs import (  # noqa: F401  # the point: these very tests
    test_a_visitor_hears_of_each_shops_own_country,
    test_it_depends_on_where_it_goes_and_comes_from,
    test_it_is_what_the_quote_will_say,
    test_of_what_nobody_may_see_there_is_nothing,
)

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]
