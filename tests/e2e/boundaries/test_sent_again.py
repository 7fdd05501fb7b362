"""Idempotency-Key of every command: described where it is heeded, heeded where it is described.

A new command fails here until it takes the key, or ``keys.py`` says why that would mean nothing.
"""

from __future__ import annotations

import pytest

from tests.e2e.boundaries.asking import asked, described, documented, headers_of, nothing_done
from tests.e2e.boundaries.keys import WITHOUT
from tests.e2e.boundaries.whomay import BUYER, LINES, VISITOR
from tests.e2e.shopper import Shopper, problem
from tests.e2e.stage import Stage

HEADER = "Idempotency-Key"
REPLAYED = "idempotent-replayed"
COMMANDS = sorted(name for name in LINES if name[0] not in ("GET", "HEAD"))
OF_A_CART = ("POST", "/api/cart/items")
"""Of a visitor each makes a cart of its own, unless the cart's token is sent along."""
REFUSED = ("POST", "/api/orders/{order_id}/refunds/{refund_id}/retry")
"""There is nothing to be tried again on the stage, and that is said before anything is kept."""


def keyed() -> set[tuple[str, str]]:
    """Commands whose description has the key."""
    app = described()
    return {name for name, operation in documented(app) if HEADER in headers_of(app, operation)}


@pytest.mark.parametrize("name", COMMANDS, ids=" ".join)
def test_a_command_takes_a_key_or_it_is_said_why_not(name: tuple[str, str]) -> None:
    if name in WITHOUT:
        assert name not in keyed() or name == ("POST", "/api/auth/token")
    else:
        assert name in keyed() or name[0] in ("PUT", "PATCH", "DELETE")


def test_reasons_are_of_commands_that_are_there() -> None:
    assert WITHOUT.keys() <= LINES.keys()


def test_an_answer_of_a_command_with_a_key_is_documented() -> None:
    app = described()
    for name, operation in documented(app):
        if name in WITHOUT:
            continue
        codes = {
            code
            for response in operation["responses"].values()
            for code in response.get("content", {}).get("application/problem+json", {}).get("examples", ())
            if code.startswith("idempotency_")
        }
        key = headers_of(app, operation).get(HEADER)
        expected = {"idempotency_key_reused", "idempotency_in_flight"} if key else set()
        assert codes == expected | ({"idempotency_key_missing"} if key and key["required"] else set()), name
        assert name[0] != "GET" or key is None


async def test_what_is_sent_again_is_answered_as_before_and_done_once(stage: Stage) -> None:
    takes, used = keyed() - WITHOUT.keys() - {REFUSED}, dict[str, str]()
    for number, (name, line) in enumerate(LINES.items()):
        who = stage.people[BUYER if name == OF_A_CART else line.who.by or VISITOR]
        if name not in takes:
            await asked(stage, who, *name, line)
            continue
        if who.token in used:
            await _is_refused(stage, who, name, used[who.token])
        await _is_done_once(stage, who, name, f"key-{number}")
        if who.token:
            used[who.token] = f"key-{number}"


async def _is_refused(stage: Stage, who: Shopper, name: tuple[str, str], used: str) -> None:
    """A key is of one request: another, with whatever else is right with it, does nothing."""
    async with nothing_done(stage, who, name):
        answer = await asked(stage, who, *name, LINES[name], Idempotency_Key=used)
    problem(answer, 422, "idempotency_key_reused")


async def _is_done_once(stage: Stage, who: Shopper, name: tuple[str, str], key: str) -> None:
    line = LINES[name]
    first = await asked(stage, who, *name, line, Idempotency_Key=key)
    right = first.status_code == line.status if line.status else first.is_success
    assert right, (name, first.status_code, first.text[:600])
    async with nothing_done(stage, who, name):
        again = await asked(stage, who, *name, line, Idempotency_Key=key)
    assert (again.status_code, again.content) == (first.status_code, first.content), (name, again.text[:600])
    assert (first.headers.get(REPLAYED), again.headers.get(REPLAYED)) == (None, "true"), name
    for header in ("location", "etag", "kontor-position", "content-type"):
        assert again.headers.get(header) == first.headers.get(header), (name, header)
