"""Kontor-Min-Position of every query: one that names a position which is not there yet is answered with 503.

A new query fails here until it heeds the header, or stands below because nothing of its answer is from the log.
"""

from __future__ import annotations

from tests.e2e.boundaries.asking import asked
from tests.e2e.boundaries.whomay import LINES, VISITOR
from tests.e2e.stage import Stage

FAR = str((1 << 62) - 1)
_SERVICE = "of the process itself"
_FILE = "a file that never changes"

NOT_FROM_THE_LOG = {
    ("GET", "/livez"): _SERVICE,
    ("GET", "/readyz"): _SERVICE,
    ("GET", "/metrics"): _SERVICE,
    ("GET", "/openapi.json"): _SERVICE,
    ("GET", "/api/me/sessions"): "of the vault, which is asked each time and so never behind",
    ("GET", "/api/me/second-factor"): "of the vault, which is asked each time and so never behind",
    ("GET", "/api/searches/popular"): "of signals, which have no position",
    ("GET", "/api/drops/{drop_id}/place"): "of the line, which is kept beside the log",
    ("GET", "/api/media/{product_id}/{name}"): _FILE,
}
"""Why it is not heeded there; docs/why-the-log.md says so."""


async def test_nobody_is_answered_from_before_the_position_that_he_names(stage: Stage) -> None:
    queries = {name: line for name, line in LINES.items() if name[0] == "GET" and name[1] != "/"}
    assert queries.keys() >= NOT_FROM_THE_LOG.keys()
    wrong = []
    for name, line in queries.items():
        who = stage.people[line.who.by or VISITOR]
        answer = await asked(stage, who, *name, line, Kontor_Min_Position=FAR, Prefer="wait=0")
        if name in NOT_FROM_THE_LOG:
            assert answer.is_success, (name, answer.text[:300])
        elif answer.status_code != 503 or answer.json()["code"] != "position_not_reached":
            wrong.append((name, answer.status_code))
    assert not wrong
