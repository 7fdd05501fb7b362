"""What is promised of every problem, whatever went wrong."""

from __future__ import annotations

from readapi.edge.problems import MEDIA_TYPE, PROBLEMS, TYPE_BASE


def assert_problem(response, code: str) -> dict:
    body = response.json()
    assert response.headers["content-type"] == MEDIA_TYPE
    assert response.headers["cache-control"] == "no-store"
    assert response.status_code == body["status"] == PROBLEMS[code].status
    assert body["code"] == code
    assert body["type"] == TYPE_BASE + code
    assert body["title"] == PROBLEMS[code].title
    assert isinstance(body["detail"], str)
    assert body["detail"]
    assert body["instance"] == response.request.url.raw_path.decode().partition("?")[0]
    assert body["traceId"] == response.headers["traceparent"][3:35]
    return body
