"""Pictures in the full profile: put away by the command service, given out by the query service."""

from __future__ import annotations

import pytest

from tests.e2e.selling.test_media import (  # noqa: F401  # the point: these very tests
    product,
    test_a_picture_is_uploaded_and_shown_first,
    test_an_upload_is_what_was_permitted,
    test_pictures_are_the_business_of_who_made_the_product,
    test_what_is_no_picture_is_not_found,
    test_what_is_no_picture_is_not_shown,
    test_what_was_taken_up_cannot_be_uploaded_over,
    test_whoever_describes_a_product_anew_takes_no_picture_away,
)
from tests.e2e.selling.test_renditions import (  # noqa: F401
    test_they_are_served_for_ever_and_harmless,
    test_they_are_told_wherever_the_picture_is,
    test_they_go_with_their_picture,
    test_what_cannot_be_decoded_is_shown_as_it_is_and_why_is_said,
)

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]
