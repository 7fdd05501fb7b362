"""Tokens of letters' links as texts; what they are good for the vault's contract tells."""

from __future__ import annotations

import pytest

from commands.linktokens import EMAIL, PASSWORD, read, signed, written

ACCOUNT = "usr_01KARQ0000ABCDEFGHJKMNPQRS"


def test_what_is_written_is_read_again() -> None:
    token = signed(b"k" * 32, PASSWORD, ACCOUNT, 1_795_800_000_000, "clm_email.5f2b", "$argon2id$…")
    assert written(PASSWORD, token).startswith("kpr_01KARQ0000ABCDEFGHJKMNPQRS.1795800000000.")
    assert read(PASSWORD, written(PASSWORD, token)) == token
    assert read(EMAIL, written(PASSWORD, token)) is None


@pytest.mark.parametrize(
    "token",
    [
        "",
        "kpr_",
        "krt_" + "A" * 43,
        "kpr_01KARQ0000ABCDEFGHJKMNPQRS.1.short",
        "kpr_01KARQ0000ABCDEFGHJKMNPQRS.x." + "A" * 43,
        "kpr_01KARQ0000ABCDEFGHJKMNPQRS." + "9" * 16 + "." + "A" * 43,
        "kpr_ord_KARQ0000ABCDEFGHJKMNPQ.1." + "A" * 43,
        "kpr_01KARQ0000ABCDEFGHJKMNPQRS.1." + "A" * 43 + "\n",
        "kpr_01KARQ0000ABCDEFGHJKMNPQRS.1." + "A" * 42 + "ü",
        "\ud800",
    ],
)
def test_what_is_no_token_says_nothing(token: str) -> None:
    assert read(PASSWORD, token) is None
