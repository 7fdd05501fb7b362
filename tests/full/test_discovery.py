"""What goes with a product, what sells, the feed, and the pull feed of events, in the full profile."""

from __future__ import annotations

import pytest

from tests.e2e.finding.test_also_bought import (  # noqa: F401  # the point: these very tests
    test_from_two_orders_to_what_goes_together,
    test_limits_and_nonsense,
    test_only_what_can_be_had,
    test_orders_that_came_to_nothing_say_nothing,
    test_what_sells_in_the_category_stands_in,
)
from tests.e2e.finding.test_feed import (  # noqa: F401  # the point: these very tests
    test_it_is_for_who_is_signed_in,
    test_notes_of_a_price_that_fell_and_of_what_is_back,
    test_what_goes_with_what_was_bought_and_wished_and_then_what_sells,
    test_what_is_bought_again_and_again_comes_back,
)
from tests.e2e.finding.test_popular import (  # noqa: F401  # the point: these very tests
    test_nonsense,
    test_what_is_in_most_orders_comes_first,
)
from tests.e2e.operating.test_events import (  # noqa: F401  # the point: these very tests
    test_every_event_in_order_and_nothing_personal,
    test_only_the_types_that_are_asked_for,
    test_who_has_seen_everything_waits_for_the_next,
)

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]
