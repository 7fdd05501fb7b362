"""Structured field values (RFC 9651), as far as the edge reads them: an Item that is a String.

Parameters are checked and dropped, as RFC 9651 lets a field ignore those it does not define.
"""

from __future__ import annotations

import re

HEADER_CHARS_MAX = 4096

# The grammar of RFC 9651 §3.3; the alternatives of each repetition start with different characters, so it stays linear.
_STRING = r'"((?:[\x20-\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"'
_BARE_ITEM = (
    r"(?:-?[0-9]{1,15}(?:\.[0-9]{1,3})?"
    r'|"(?:[\x20-\x21\x23-\x5b\x5d-\x7e]|\\["\\])*"'
    r"|[A-Za-z*][!#$%&'*+\-.^_`|~0-9A-Za-z:/]*"
    r"|:[A-Za-z0-9+/=]*:"
    r"|\?[01]"
    r"|@-?[0-9]{1,15})"
)
_PARAMETERS = rf"(?:; *[a-z*][a-z0-9_\-.*]*(?:={_BARE_ITEM})?)*"
_ITEM = re.compile(rf" *{_STRING}{_PARAMETERS} *")
_ESCAPED = re.compile(r'\\(["\\])')


def parse_string_item(raw: str) -> str:
    """The string inside the quotes. Raises ``ValueError`` for anything else."""
    match = _ITEM.fullmatch(raw) if len(raw) <= HEADER_CHARS_MAX else None
    if match is None:
        raise ValueError("not a structured field string")
    return _ESCAPED.sub(r"\1", match[1])
