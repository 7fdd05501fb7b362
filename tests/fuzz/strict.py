"""Answers held to the OpenAPI document, read as strictly as a program reads it."""

from __future__ import annotations

import copy
import re
from typing import Any

import httpx
import schemathesis
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

CONFORMANCE = [status_code_conformance, content_type_conformance, response_schema_conformance]
PARAMETER = re.compile(r"\{([^}]+)\}")


def exact(document: dict[str, Any]) -> dict[str, Any]:
    """No status but those stated for the operation, and no member but those of the schema.

    That others may come some day is for clients to expect; today's are to be written down.
    """
    strict = copy.deepcopy(document)
    for methods in strict["paths"].values():
        for operation in methods.values():
            del operation["responses"]["default"]
    for schema in strict["components"]["schemas"].values():
        if "properties" in schema:
            schema.setdefault("additionalProperties", False)
    return strict


class Clerk:
    """Holds each answer of a client to the document, and remembers which operations answered how."""

    def __init__(self, document: dict[str, Any]) -> None:
        schema = schemathesis.openapi.from_dict(exact(document))
        operations = (result.ok() for result in schema.get_all_operations())
        self.operations = {operation.label: operation for operation in operations}
        self.statuses: dict[str, set[int]] = {label: set() for label in self.operations}

    async def check(self, response: httpx.Response) -> None:
        """For a client's event hooks."""
        await response.aread()
        label, parameters = self._operation(f"{response.request.method} {response.request.url.path}")
        self.statuses[label].add(response.status_code)
        case = self.operations[label].Case(path_parameters=parameters)
        binary = response.headers.get("content-type", "").startswith("image/")
        case.validate_response(response, checks=CONFORMANCE[:2] if binary else CONFORMANCE)

    def _operation(self, request: str) -> tuple[str, dict[str, str]]:
        """Of several templates that fit, the one that leaves least open; and what stands for its parameters."""
        fitting = {
            label: match.groupdict()
            for label in self.operations
            if (match := re.fullmatch(PARAMETER.sub(r"(?P<\1>.+)", label), request))
        }
        label = max(fitting, key=lambda label: len(PARAMETER.sub("", label)))
        return label, fitting[label]
