"""Reviews and ratings in the full profile: lists from Cassandra, ratings from Redis, search in Elasticsearch."""

from __future__ import annotations

import pytest

from tests.e2e.finding.test_reviews import (  # noqa: F401  # the point: these very tests
    sku,
    test_from_the_purchase_to_the_rating,
    test_one_key_is_one_review,
    test_pages,
    test_the_better_rated_come_first,
    test_the_next_review_takes_the_place_of_the_first,
    test_the_words_go_with_the_person_and_the_rating_stays,
    test_who_has_not_paid_for_it_cannot,
)

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]
