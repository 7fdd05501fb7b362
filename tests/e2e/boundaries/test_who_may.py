"""Every route of both services, asked by everybody: whoever may not is refused and has done nothing.

A route that is new fails here until ``whomay.py`` says who may.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from domain.stored.codec import decode_meta
from kontor.serving.running import build_app
from kontor.settings import Settings
from tests.e2e.boundaries.whomay import LINES, VISITOR, Line
from tests.e2e.house import House, in_process
from tests.e2e.shopper import Shopper
from tests.e2e.stage import REVIEWED_ABOVE, Stage, key, staged

REFUSED = (401, 403, 404)
SECURITY: dict[bool | None, Any] = {True: [{"bearer": []}], None: [{}, {"bearer": []}], False: None}
"""What the document says of a route, by whether a token is needed."""


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with in_process(tmp_path / "data", review_above=REVIEWED_ABOVE, feeds_folder=tmp_path / "feeds") as house:
        yield house


@pytest.fixture
async def stage(house: House, tmp_path: Path) -> Stage:
    return await staged(house, tmp_path / "feeds")


def routes_of(app: FastAPI) -> Iterator[tuple[str, str]]:
    for route in app.routes:
        methods: set[str] = getattr(route, "methods", None) or set()
        for method in methods - {"HEAD"}:
            yield method, getattr(route, "path", "")


def apps(house: House) -> list[FastAPI]:
    settings = Settings(data=house.folder, rate_limits=False)
    return [build_app(what, house.services, settings) for what in ("all", "write", "read")]


def filled(value: Any, known: dict[str, Any]) -> Any:
    """With what is there in the place of its names."""
    if isinstance(value, str):
        return known[value[1:]] if value.startswith("$") else value
    if isinstance(value, dict):
        return {name: filled(inner, known) for name, inner in value.items()}
    return [filled(inner, known) for inner in value] if isinstance(value, list) else value


async def asked(stage: Stage, who: Shopper, method: str, path: str, line: Line) -> httpx.Response:
    named = stage.known | {name: stage.known[other] for name, other in line.at.items()}
    url = (path.replace(":path}", "}") + line.query).format(**named)
    headers = {**key(), **{name: filled(value, stage.known) for name, value in line.headers.items()}}
    if who.token:
        headers["Authorization"] = f"Bearer {who.token}"
    if line.text:
        return await stage.house.http.request(method, url, content=line.text, headers=headers)
    body = filled(line.body, stage.known)
    return await stage.house.http.request(method, url, json=body, headers=headers)


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


async def test_whoever_may_not_is_refused_and_does_nothing(house: House, stage: Stage) -> None:
    for who, person in stage.people.items():
        head = await house.head()
        for (method, path), line in LINES.items():
            if who not in line.who.refused:
                continue
            answer = await asked(stage, person, method, path, line)
            expected = (401,) if who == VISITOR and line.who.signs_in else REFUSED
            assert answer.status_code in expected, (who, method, path, answer.status_code, answer.text[:300])
            told = [secret for secret in stage.secrets if secret and secret in answer.text]
            assert not told, (who, method, path, answer.text[:300])
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
