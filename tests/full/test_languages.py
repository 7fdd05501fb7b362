"""Products in several languages in the full profile: views in Redis, lists by Elasticsearch."""

from __future__ import annotations

import pytest

from tests.e2e.finding.test_languages import (  # noqa: F401  # the point: these very tests
    test_a_page_is_told_in_the_language_that_is_asked_for,
    test_a_product_may_be_told_in_another_language_than_english,
    test_a_search_finds_the_words_of_every_language,
    test_an_etag_belongs_to_a_language,
    test_lists_are_told_in_it_too,
)

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]
