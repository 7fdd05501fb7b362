from __future__ import annotations

import pytest

from domain.instants import LAST, NoInstant, instant, parsed


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("2026-11-23T07:22:32Z", "2026-11-23T07:22:32.000Z"),
        ("2026-11-23t07:22:32.001z", "2026-11-23T07:22:32.001Z"),
        ("2026-11-23 07:22:32.123456789+05:30", "2026-11-23T01:52:32.123Z"),
        ("2026-11-23T07:22-08:00", "2026-11-23T15:22:00.000Z"),
        ("0001-01-01T00:00:00+14:00", "1970-01-01T00:00:00.000Z"),
        ("9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999Z"),
        ("9999-12-31T23:59:59-05:00", "9999-12-31T23:59:59.999Z"),
    ],
)
def test_what_is_read_is_written_in_utc(text: str, shown: str) -> None:
    assert instant(parsed(text)) == shown


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "RFC 3339"),
        ("yesterday", "RFC 3339"),
        ("1764331200", "RFC 3339"),
        ("2026-02-30T00:00:00Z", "RFC 3339"),
        ("2026-11-23T07:22:32." + "1" * 40 + "Z", "RFC 3339"),
        ("2026-11-23", "needs an offset"),
        ("2026-11-23T07:22:32", "needs an offset"),
    ],
)
def test_what_is_no_instant(text: str, why: str) -> None:
    with pytest.raises(NoInstant, match=why):
        parsed(text)


def test_one_that_cannot_be_written_is_shown_as_the_last() -> None:
    assert instant(LAST + 1) == "9999-12-31T23:59:59.999Z"
