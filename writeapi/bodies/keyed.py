"""What the documents of all requests say that have to bring an Idempotency-Key."""

from __future__ import annotations

from readapi.edge.openapi import problem_responses

KEYED = problem_responses(
    "idempotency_key_missing", "idempotency_key_reused", "unauthenticated", "forbidden", "not_found"
)
"""Problems that any of them may answer with."""
KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": True,
    "description": "The same key and request again is answered as the first time, and nothing is done twice.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
    "example": "8e03978e-40d5-43dd-bc93-6894a57f9324",
}
