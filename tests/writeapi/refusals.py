"""What tests of accounts ask of answers that refuse."""

from __future__ import annotations

from typing import Any

import httpx


def refused(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    problem: dict[str, Any] = answer.json()
    assert (answer.status_code, problem["code"]) == (status, code), answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    return problem


def pointers(problem: dict[str, Any]) -> list[str]:
    return [entry["pointer"] for entry in problem["errors"]]
