"""Signatures, held against the vectors of the Standard Webhooks project."""

from __future__ import annotations

import json
from typing import Any

import pytest

from streams.gateways.port import BadSignature
from streams.gateways.signatures import PREFIX, SIGNATURES_MAX, TOLERANCE_S, Signer

NOW = 1_700_000_000
BODY = b'{"test": 2432232314}'


@pytest.fixture
def vectors(shared_data) -> dict[str, Any]:
    return json.loads((shared_data / "api/standard_webhooks/vectors.json").read_text())


def headers_of(vector: dict[str, Any]) -> dict[str, str]:
    return {name: str(value) for name, value in vector.items() if name.startswith("webhook-")}


def test_signs_as_others_do(vectors):
    for vector in vectors["valid"]:
        signer = Signer(vector["secret"])
        body, at = vector["payload"].encode(), vector["webhook-timestamp"]
        assert signer.headers(vector["webhook-id"], at, body) == headers_of(vector)
        assert signer.verify(headers_of(vector), body, at) == vector["webhook-id"]


def test_every_case_of_the_vectors(vectors):
    base = vectors["valid"][0]
    assert vectors["tolerance_seconds"] == TOLERANCE_S
    for case in vectors["cases"]:
        vector = {**base, **{name: case[name] for name in ("secret", "webhook-signature") if name in case}}
        if case["expect"] == "construction error":
            with pytest.raises(ValueError, match="empty"):
                Signer(vector["secret"])
            continue
        now = base["webhook-timestamp"] + case.get("clock_offset_seconds", 0)
        headers = headers_of(vector)
        missing = [name for name in headers if name in case["case"] and "missing" in case["case"]]
        attempts = [{k: v for k, v in headers.items() if k != name} for name in missing] or [headers]
        for attempt in attempts:
            if case["expect"] == "valid":
                Signer(vector["secret"]).verify(attempt, base["payload"].encode(), now)
            else:
                with pytest.raises(BadSignature):
                    Signer(vector["secret"]).verify(attempt, base["payload"].encode(), now)


@pytest.mark.parametrize("secret", ["", PREFIX, b"", "not base64!"])
def test_refuses_a_secret_that_is_none(secret):
    with pytest.raises(ValueError, match="secret"):
        Signer(secret)


@pytest.mark.parametrize("offset", [-TOLERANCE_S, 0, TOLERANCE_S])
def test_tolerates_clocks_that_differ_a_little(offset):
    signer = Signer(b"key")
    signer.verify(signer.headers("msg_1", NOW, BODY), BODY, NOW + offset)


@pytest.mark.parametrize(
    "change",
    [
        {"webhook-id": "msg_2"},
        {"webhook-timestamp": str(NOW + 1)},
        {"webhook-timestamp": f"{NOW}.0"},
        {"webhook-timestamp": "-1"},
        {"webhook-timestamp": "9" * 400},
        {"webhook-timestamp": "١٢٣"},
        {"webhook-signature": ""},
        {"webhook-signature": "\udcff"},
        {"webhook-signature": " ".join(["v1,x"] * SIGNATURES_MAX) + " GOOD"},
    ],
)
def test_a_changed_header_breaks_the_signature(change):
    signer = Signer(b"key")
    headers = signer.headers("msg_1", NOW, BODY)
    changed = {name: value.replace("GOOD", headers["webhook-signature"]) for name, value in change.items()}
    with pytest.raises(BadSignature):
        signer.verify(headers | changed, BODY, NOW)


def test_a_changed_body_or_another_key_breaks_the_signature():
    headers = Signer(b"key").headers("msg_1", NOW, BODY)
    with pytest.raises(BadSignature):
        Signer(b"key").verify(headers, BODY + b" ", NOW)
    with pytest.raises(BadSignature):
        Signer(b"other").verify(headers, BODY, NOW)
