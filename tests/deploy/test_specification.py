"""docker-compose.yml is what the Compose Specification takes, by its own schema (tests/deploy/compose/SOURCE.md)."""

from __future__ import annotations

import copy
import hashlib
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker

from tests.deploy.composed import COMPOSE

HERE = Path(__file__).parent / "compose"
SCHEMA = json.loads((HERE / "compose-spec.json").read_text())
Change = Callable[[dict[str, Any]], Any]


def complaints(compose: dict[str, Any]) -> list[str]:
    validator = Draft202012Validator(SCHEMA, format_checker=FormatChecker())
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(compose)]


def test_the_schema_is_the_one_that_its_source_tells_of() -> None:
    assert SCHEMA["$schema"] == Draft202012Validator.META_SCHEMA["$id"]
    Draft202012Validator.check_schema(SCHEMA)
    digest = hashlib.sha256((HERE / "compose-spec.json").read_bytes()).hexdigest()
    assert digest in (HERE / "SOURCE.md").read_text()


def test_the_file_is_taken() -> None:
    assert complaints(COMPOSE) == []


@pytest.mark.parametrize(
    ("change", "where"),
    [
        (lambda file: file["services"]["write"].update(volume=["objects:/objects"]), "$.services.write"),
        (lambda file: file["services"]["kafka"].update(restart=True), "$.services.kafka.restart"),
        (lambda file: file["services"]["read"].update(ports=8002), "$.services.read.ports"),
        (lambda file: file["services"]["relay"]["healthcheck"].update(every="5s"), "$.services.relay.healthcheck"),
        (lambda file: file["services"]["redis"]["deploy"]["resources"].update(limit={}), "$.services.redis.deploy"),
        (lambda file: file["services"]["views"]["depends_on"].update(kafka={"condition": "up"}), "$.services.views"),
        (lambda file: file.update(volume=file.pop("volumes")), "$"),
        (lambda file: file["volumes"].update(objects="shared"), "$.volumes.objects"),
    ],
)
def test_what_the_specification_does_not_know_is_found(change: Change, where: str) -> None:
    file = copy.deepcopy(COMPOSE)
    change(file)
    assert [said for said in complaints(file) if said.startswith(where)] != []


def strings(part: Any) -> list[str]:
    """All that stand anywhere in it, also as keys."""
    if isinstance(part, dict):
        return [text for pair in part.items() for one in pair for text in strings(one)]
    if isinstance(part, list):
        return [text for one in part for text in strings(one)]
    return [part] if isinstance(part, str) else []


def test_every_dollar_is_a_variable_that_has_a_default() -> None:
    """Others are an error when they are filled in, or nothing in their place."""
    variables = re.compile(r"\$\{[A-Z_]+:-[^${}]+\}")
    texts = strings(COMPOSE)
    assert sum(bool(variables.search(text)) for text in texts) >= 5
    assert [text for text in texts if "$" in variables.sub("", text)] == []
