"""Both OpenAPI documents driven with generated requests: no request makes a 5xx, and every answer is as stated.

Seeded, so that a red build is red again elsewhere. ``KONTOR_FUZZ_EXAMPLES`` asks for more requests per operation.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from pydantic.alias_generators import to_camel
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.generation import GenerationMode

from tests.fuzz.house import BASE, FuzzedHouse, fuzzed_house
from tests.fuzz.strict import CONFORMANCE, exact

EXAMPLES = int(os.environ.get("KONTOR_FUZZ_EXAMPLES", "15"))
SEED = 20_241_129
EXPECTED_503 = {"position_not_reached"}
"""Refusals that a client asked for: it named a position that is not there yet."""
CHECKS = [not_a_server_error, *CONFORMANCE]
WHO = st.sampled_from(("anonymous", "customer", "merchant", "admin"))

pytestmark = [pytest.mark.fuzz, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FuzzedHouse]:
    with fuzzed_house(tmp_path_factory.mktemp("fuzz") / "data") as built:
        yield built


@pytest.mark.parametrize("service", ["read", "write"])
def test_no_request_breaks_it(house: FuzzedHouse, service: str) -> None:
    document = exact(house.apps[service].openapi())
    assert document["openapi"].startswith("3.1")
    schema = schemathesis.openapi.from_dict(document)
    failures: list[str] = []
    operations = [result.ok() for result in schema.get_all_operations()]
    assert len(operations) == sum(len(methods) for methods in document["paths"].values())
    for operation in sorted(operations, key=harm):
        failures += tried(house, service, operation)
    assert not failures, "\n\n".join(failures)


def harm(operation: Any) -> int:
    """What takes things away comes last, and ends what sign-ins there are last of all."""
    if operation.label in ("POST /api/auth/logout", "DELETE /api/me"):
        return 2
    return int(operation.method.upper() == "DELETE")


def tried(house: FuzzedHouse, service: str, operation: Any) -> list[str]:
    """Sends generated requests to one operation; what went wrong, at most one report."""
    modes = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
    cases = st.one_of(*(operation.as_strategy(generation_mode=mode) for mode in modes))

    @seed(SEED)
    @settings(
        max_examples=EXAMPLES,
        database=None,
        deadline=None,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    @given(case=cases, who=WHO, real=st.booleans(), key=st.booleans())
    def send(case: Any, who: str, real: bool, key: bool) -> None:
        request = prepared(house, case, who, real=real, key=key)
        response = house.send(service, request)
        if response.status_code == 503 and response.json()["code"] in EXPECTED_503:
            return
        case.validate_response(response, checks=CHECKS)

    try:
        send()
    except (Failure, FailureGroup) as failure:
        return [f"{operation.label}: {failure}"]
    except Exception as error:
        if "Unsatisfiable" in type(error).__name__:  # nothing can be wrong with a request that has no parameters
            return []
        return [f"{operation.label}: {error!r}"]
    return []


def prepared(house: FuzzedHouse, case: Any, who: str, *, real: bool, key: bool) -> requests.PreparedRequest:
    """The request, from somebody; with ``real`` ids where the document only says that there is one."""
    if real:
        for name in case.path_parameters or {}:
            case.path_parameters[name] = house.known.get(name, case.path_parameters[name])
        if isinstance(case.body, dict):
            fields = {to_camel(name): value for name, value in house.known.items()}
            case.body |= {name: fields[name] for name in case.body if name in fields}
    arguments = case.as_transport_kwargs(base_url=BASE)
    arguments = {name: arguments[name] for name in REQUEST if name in arguments}
    headers = dict(arguments.pop("headers", None) or {})
    if who != "anonymous":
        headers["Authorization"] = f"Bearer {house.people[who].token}"
    if key:
        headers["Idempotency-Key"] = f"fuzz-{id(case)}"
    return requests.Request(headers=headers, **arguments).prepare()


REQUEST = ("method", "url", "headers", "files", "data", "params", "cookies", "json")
