"""Objects as Stripe sends them; SOURCE.md says where they come from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent


def shape(name: str, **changes: Any) -> dict[str, Any]:
    """The example of a resource, with some fields changed."""
    read: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    unknown = changes.keys() - read.keys()
    assert not unknown, f"{name} has no {unknown}"
    return {**read, **changes}


def listed(*objects: dict[str, Any]) -> dict[str, Any]:
    return {"object": "list", "url": "/v1/things", "has_more": False, "data": list(objects)}


def event(kind: str, subject: dict[str, Any]) -> bytes:
    return json.dumps(shape("event", type=kind, data={"object": subject})).encode()
