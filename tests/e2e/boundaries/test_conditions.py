"""If-Match of every command: described where it is heeded, heeded where it is described; and 412 nowhere else."""

from __future__ import annotations

from tests.e2e.boundaries.asking import asked, described, documented, headers_of, nothing_done
from tests.e2e.boundaries.whomay import LINES, VISITOR
from tests.e2e.shopper import problem
from tests.e2e.stage import Stage

STALE = '"999999"'


def test_412_is_documented_exactly_where_if_match_is_taken() -> None:
    app = described()
    for name, operation in documented(app):
        assert ("412" in operation["responses"]) == ("If-Match" in headers_of(app, operation)), name


async def test_a_command_upon_another_version_is_refused_where_the_document_says_so(stage: Stage) -> None:
    app = described()
    taking = {name for name, operation in documented(app) if "If-Match" in headers_of(app, operation)}
    for name, line in LINES.items():
        who = stage.people[line.who.by or VISITOR]
        if name not in taking:
            assert (await asked(stage, who, *name, line, If_Match=STALE)).status_code != 412, name
            continue
        async with nothing_done(stage, who, name):
            problem(await asked(stage, who, *name, line, If_Match=STALE), 412, "version_mismatch")
