"""W3C Trace Context: https://www.w3.org/TR/trace-context/ (``traceparent`` only, version 00)."""

from __future__ import annotations

from random import getrandbits

_HEX = b"0123456789abcdef"
_NO_TRACE = b"0" * 32
_NO_SPAN = b"0" * 16


def trace_context(received: bytes) -> str:
    """Our own ``traceparent``: a new span in the trace the client named, or in a new trace when it named none.

    Ids only have to be unlikely to repeat, so they come from the fast generator.
    """
    span = getrandbits(64) or 1
    if received and _valid(received):
        return f"00-{received[3:35].decode()}-{span:016x}-{received[53:55].decode()}"
    return f"00-{getrandbits(128) or 1:032x}-{span:016x}-01"


def _valid(received: bytes) -> bool:
    # Later versions may be longer, and start with the same four fields.
    known_length = len(received) == 55 or (
        55 < len(received) <= 512 and received[:2] != b"00" and received[55:56] == b"-"
    )
    if not known_length or received[:55].translate(None, _HEX) != b"---" or received[:2] == b"ff":
        return False
    dashes = received[2:3] == received[35:36] == received[52:53] == b"-"
    return dashes and received[3:35] != _NO_TRACE and received[36:52] != _NO_SPAN
