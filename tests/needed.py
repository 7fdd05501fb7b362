"""What a test needs and may not find: the servers of the full profile, and whatever else is not part of the project.

Where ``$CI`` is set its absence is a failure. Elsewhere it skips the test, and says what to start.
"""

from __future__ import annotations

import os
from typing import NoReturn

import pytest

VARIABLES = {
    "postgres": "KONTOR_POSTGRES_URL",
    "kafka": "KONTOR_KAFKA",
    "redis": "KONTOR_REDIS_URL",
    "elasticsearch": "KONTOR_ELASTICSEARCH_URL",
    "cassandra": "KONTOR_CASSANDRA",
}
"""By server: the variable that says where it is, as ``stack/env`` prints it."""


def address(server: str) -> str:
    """Where a real one is."""
    variable = VARIABLES[server]
    return os.environ.get(variable) or absent(
        f'needs {server}, and {variable} names none: stack/up {server}; eval "$(stack/env)"; or run make test-stack'
    )


def absent(reason: str) -> NoReturn:
    """Ends the test that cannot be run here."""
    if os.environ.get("CI"):
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


def left_out(reason: str) -> NoReturn:
    """Ends a test of something that cannot be had here, even where ``$CI`` is set: whoever set that up has said so."""
    pytest.skip(reason)
