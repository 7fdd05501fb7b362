"""Every route of both services, asked by everybody: whoever may not is refused and has done nothing.

A route that is new fails here until ``whomay.py`` says who may.
"""

from __future__ import annotations

from typing import Any

from domain.stored.codec import decode_meta
from tests.e2e.boundaries.asking import apps, asked, routes_of
from tests.e2e.boundaries.whomay import LINES, VISITOR
from tests.e2e.house import House
from tests.e2e.stage import Stage

REFUSED = (401, 403, 404)
SECURITY: dict[bool | None, Any] = {True: [{"bearer": []}], None: [{}, {"bearer": []}], False: None}
"""What the document says of a route, by whether a token is needed."""


async def test_every_route_says_who_may(house: House) -> None:
    there = {route for app in apps(house) for route in routes_of(app)}
    assert sorted(there - LINES.keys()) == [], "say in whomay.py who may"
    assert sorted(LINES.keys() - there) == [], "there is no such route"


async def test_the_document_says_where_a_token_is_needed(house: House) -> None:
    for app in apps(house):
        for path, operations in app.openapi()["paths"].items():
            for method, operation in operations.items():
                [line] = [
                    line
                    for (named, at), line in LINES.items()
                    if (named, at.replace(":path}", "}")) == (method.upper(), path)
                ]
                assert operation.get("security") == SECURITY[line.who.signs_in], (method, path)


async def test_whoever_may_not_is_refused_and_does_nothing(stage: Stage) -> None:
    house = stage.house
    for who, person in stage.people.items():
        head = await house.head()
        for (method, path), line in LINES.items():
            if who not in line.who.refused:
                continue
            answer = await asked(stage, person, method, path, line)
            expected = (401,) if who == VISITOR and line.who.signs_in else REFUSED
            assert answer.status_code in expected, (who, method, path, answer.status_code, answer.text[:300])
            leaked = [secret for secret in stage.secrets if secret and secret in answer.text]
            assert not leaked, (who, method, path, answer.text[:300])
        actors = {decode_meta(row.meta).actor for row in await house.log.read(head, 10_000)}
        assert not actors & {person.user_id or "anonymous"}, who


async def test_whoever_may_is_let_in(stage: Stage) -> None:
    """So that nobody above was refused for another reason."""
    for (method, path), line in LINES.items():
        if not line.who.by:
            continue
        answer = await asked(stage, stage.people[line.who.by], method, path, line)
        right = answer.status_code == line.status if line.status else answer.is_success
        assert right, (line.who.by, method, path, answer.status_code, answer.text[:600])
        if line.who.by not in ("buyer", "seller", "admin"):
            assert not [secret for secret in stage.secrets if secret and secret in answer.text], (method, path)
