"""Merchants' feeds in the full profile: asked for at one service, run by a worker, told of by the other service."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.selling.test_merchant_feeds import (  # noqa: F401  # the point: these very tests
    beds,
    test_a_feed_is_its_owners_business,
    test_a_feed_may_be_a_file_of_the_shops_own_folder,
    test_a_source_that_fails_says_how,
    test_a_table_in_another_encoding,
    test_a_table_in_several_languages,
    test_bad_rows_come_back_as_a_file_with_reasons,
    test_of_a_file_that_is_cut_off_what_was_whole_is_taken_and_nothing_is_withdrawn,
    test_only_what_changed_becomes_an_event,
    test_runs_are_remembered_and_a_paused_feed_runs_only_when_asked,
    test_the_source_is_asked_whether_it_has_changed,
    test_what_a_complete_feed_no_longer_lists_is_withdrawn,
    test_what_makes_no_feed_is_refused,
    web,
)
from tests.full.processes import Everything

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]


@pytest.fixture
def drop_off(house: Everything) -> Path:
    return Path(house.environment["KONTOR_FEEDS_FOLDER"])


@pytest.fixture
def copies(house: Everything) -> Path:
    return house.deployment.folder / "work" / "feeds"
