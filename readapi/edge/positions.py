"""Position tokens and how long a client would wait for one.

Outside the services a position is an opaque string; inside it is the number of an event in the log. Where there are
several logs, it is its place in the order of them all, or a position of each (``commands/logs/vector.py``).
``Prefer: wait=SECONDS`` is RFC 7240, whose rule for preferences that make no sense is to ignore them.
"""

from __future__ import annotations

import re

from starlette.requests import Request

from commands.logs.merged import MergedLog
from commands.logs.vector import parse_vector
from readapi.edge.headers import header, headers
from readapi.edge.problems import BadParameter

HEADER = "Kontor-Position"
MIN_HEADER = "Kontor-Min-Position"
_MIN_HEADER = MIN_HEADER.lower().encode()
POSITION_MAX = (1 << 63) - 1
WAIT_DEFAULT = 1
WAIT_MAX = 10
PREFER_CHARS_MAX = 512

# One preference: a name, perhaps a value (a token or a quoted string), perhaps parameters; commas part them.
_WORD = r'(?:"(?:[^"\\]|\\.)*"|[^\s",;=]+)'
_PARAMETERS = r'(?:;(?:[^,;"]|"(?:[^"\\]|\\.)*")*)*'
_PREFERENCE = re.compile(rf'\s*([^\s",;=]+)\s*(?:=\s*({_WORD})?)?\s*{_PARAMETERS}(?:,|$)')


def format_position(position: int) -> str:
    return str(position)


def parse_position(raw: str, name: str = MIN_HEADER, where: str = "header") -> int:
    """Raises ``BadParameter`` for anything but a token that was given out."""
    raw = raw.strip()
    if len(raw) <= 19 and raw.isascii() and raw.isdigit() and (position := int(raw)) <= POSITION_MAX:
        return position
    raise BadParameter(where, name, "not a position token")


def position_of(request: Request, raw: str, name: str = MIN_HEADER, where: str = "header") -> int:
    """The same where there may be several logs. What the order of them does not show yet stays a vector, which is
    beyond all that it shows."""
    vector = parse_vector(raw.strip()) if "." in raw else None
    log = request.app.state.services.log if vector is not None else None
    if not isinstance(log, MergedLog):
        return parse_position(raw, name, where)
    assert vector is not None
    place = log.place_of(vector)
    return vector if place is None else place


def min_position(request: Request) -> int:
    """The position that the answer must include at least; 0 when the client named none."""
    raw = header(request, _MIN_HEADER)
    return 0 if raw is None else position_of(request, raw)


def preferences(raw: str) -> dict[str, str]:
    """Names, in lower case, to values without quotes; of a repeated preference the first counts. Never raises."""
    found: dict[str, str] = {}
    index = 0
    raw = raw[:PREFER_CHARS_MAX]
    while index < len(raw):
        match = _PREFERENCE.match(raw, index)
        if match is None:
            comma = raw.find(",", index)
            index = len(raw) if comma < 0 else comma + 1
            continue
        value = match[2] or ""
        if value.startswith('"'):
            value = re.sub(r"\\(.)", r"\1", value[1:-1])
        found.setdefault(match[1].lower(), value)
        index = match.end()
    return found


def prefer_wait(request: Request) -> int | None:
    """The seconds of ``Prefer: wait=…``, at most ``WAIT_MAX``; ``None`` when there is no such preference."""
    sent = headers(request, b"prefer")
    return parse_wait(sent[0] if len(sent) == 1 else ", ".join(sent)) if sent else None


def parse_wait(raw: str) -> int | None:
    seconds = raw[5:] if raw.startswith("wait=") else ""
    if not (seconds.isascii() and seconds.isdigit()):
        seconds = preferences(raw).get("wait", "")
    if not (seconds.isascii() and seconds.isdigit()):
        return None
    # Far more digits than any wait needs would be slow to convert.
    return min(int(seconds[:9]), WAIT_MAX)


def query_wait(request: Request) -> int:
    """How long a query may wait for its position, in seconds."""
    wait = prefer_wait(request)
    return WAIT_DEFAULT if wait is None else wait


def preference_applied(wait: int | None) -> dict[str, str]:
    """The header that tells the client its preference was honoured; none if there was none."""
    return {} if wait is None else {"Preference-Applied": f"wait={wait}"}
