"""Headers that are written as HTTP/1.1 has them when an answer is made, and not again each time that it is sent.

A product page has sixteen; looking at each and putting them together takes longer than finding the page. They travel
as ASGI wants them, and the start of the answer says besides that its first ones are written already. A server that
knows nothing of that writes all of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

START = "kontor.written"
"""Of ``http.response.start``: the ``Written`` with which its headers begin."""
_CONTROL = bytes((*range(0x09), *range(0x0A, 0x20), 0x7F))


class Written(tuple[tuple[bytes, bytes], ...]):
    """Names in lower case and values. Among them are Content-Length and nothing about the connection."""

    lines: bytes
    length: int
    """Of the body."""

    def __new__(cls, headers: Iterable[tuple[bytes, bytes]]) -> Written:
        """Raises ValueError for a value that is none."""
        self = super().__new__(cls, headers)
        self.lines = lines_of(self)
        self.length = int(dict(self)[b"content-length"])
        return self


def lines_of(headers: Sequence[tuple[bytes, bytes]]) -> bytes:
    """Raises ValueError for a value with a control character, by which somebody could add headers of their own."""
    lines = b"".join([b"%b: %b\r\n" % header for header in headers])
    if len(lines.translate(None, _CONTROL)) != len(lines) - 2 * len(headers):
        raise ValueError("a control character in the value of a header")
    return lines
