"""The languages of type-ahead, corrections, categories and facets in the full profile."""

from __future__ import annotations

import pytest

from tests.e2e.finding.test_category_languages import (  # noqa: F401  # the point: these very tests
    bed,
    root,
    test_categories_are_suggested_by_their_names,
    test_facets_are_called_as_the_reader_would,
    test_pages_of_categories_are_called_so_too,
    test_the_tree_and_its_names_follow_what_administrators_say,
    test_what_is_typed_is_completed_in_the_readers_language,
    test_what_was_meant_is_said_in_the_readers_language,
)

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]
