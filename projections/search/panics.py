"""The engine's panics as ordinary errors.

A panic of the Rust library arrives as an exception beside ``Exception``, which would pass every handler and end a
server. It means a damaged index or a fault of the library, never a fault of the caller.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from projections.search.port import SearchFailed


@contextmanager
def as_errors() -> Iterator[None]:
    try:
        yield
    except BaseException as error:
        if type(error).__name__ == "PanicException":
            raise SearchFailed(str(error)) from error
        raise
