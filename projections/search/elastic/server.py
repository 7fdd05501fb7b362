"""Requests to an Elasticsearch server: pooled, timed, repeated when that may help, and refused while it is down.

Only requests that may safely be made twice are repeated: reads, and writes that carry their version.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from elastic_transport import JsonSerializer, NdjsonSerializer, TransportError
from elasticsearch import ApiError, Elasticsearch
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, stop_after_delay, wait_random_exponential
from tenacity.stop import stop_base

from projections.breaker import Breaker, CircuitOpen
from projections.search.port import SearchFailed, SearchUnavailable

CONNECTIONS = 16
SEARCH_TIMEOUT_S = 3.0
WRITE_TIMEOUT_S = 30.0
SEARCH_ATTEMPTS = 2
WRITE_ATTEMPTS = 4
_WAIT_S, _WAIT_MAX_S = 0.05, 1.0
_BUSY = {429, 502, 503, 504}
_JSON = {"accept": "application/json", "content-type": "application/json"}
_LINES = {"accept": "application/json", "content-type": "application/x-ndjson"}

Body = Mapping[str, Any] | Sequence[bytes | Mapping[str, Any]] | None
"""A sequence is sent as one JSON value a line."""


class Refused(SearchFailed):
    """The server understood and said no: ``status`` is HTTP's, ``kind`` the server's name for the error."""

    def __init__(self, status: int, kind: str, reason: str) -> None:
        super().__init__(f"{status} {kind}: {reason}")
        self.status = status
        self.kind = kind


class _Trouble(SearchUnavailable):
    """Perhaps not the next time."""


class _Json(JsonSerializer):
    """Five times as fast as the standard library's."""

    mimetype = "application/vnd.elasticsearch+json"

    def json_dumps(self, data: Any) -> bytes:
        return msgspec.json.encode(data)

    def json_loads(self, data: bytes | str) -> Any:
        return msgspec.json.decode(data)


class _Lines(NdjsonSerializer):
    mimetype = "application/vnd.elasticsearch+x-ndjson"

    def json_dumps(self, data: Any) -> bytes:
        return msgspec.json.encode(data)


def _repeating(attempts: stop_base) -> Retrying:
    """May be shared between threads. Making one takes a quarter as long as a request does on this side."""
    return Retrying(
        stop=attempts,
        wait=wait_random_exponential(multiplier=_WAIT_S, max=_WAIT_MAX_S),
        retry=retry_if_exception_type(_Trouble),
        reraise=True,
    )


class Server:
    def __init__(self, url: str, breaker: Breaker | None = None, **options: Any) -> None:
        """``options`` are the client's: credentials, certificates."""
        self.breaker = breaker or Breaker("elasticsearch")
        self._client = Elasticsearch(
            url,
            max_retries=0,
            retry_on_timeout=False,
            connections_per_node=CONNECTIONS,
            serializers={_Json.mimetype: _Json(), _Lines.mimetype: _Lines()},
            **options,
        )
        self._reads = _repeating(stop_after_attempt(SEARCH_ATTEMPTS) | stop_after_delay(SEARCH_TIMEOUT_S))
        self._writes = _repeating(stop_after_attempt(WRITE_ATTEMPTS))
        self._clients: dict[float, Elasticsearch] = {}
        """By their time limits: the client makes a hundred objects whenever it is given options."""

    def search(self, path: str, body: Body = None, **params: Any) -> Any:
        """A read for somebody who waits: soon answered, or SearchUnavailable. One that took all of its time is not
        repeated, for a server that is that slow would let people wait twice as long."""
        return self._read("POST", path, body, params)

    def get(self, path: str, **params: Any) -> Any | None:
        """None if there is no such thing."""
        try:
            return self._read("GET", path, None, params)
        except Refused as refused:
            if refused.status == 404:
                return None
            raise

    def write(self, method: str, path: str, body: Body = None, **params: Any) -> Any:
        """A change that may be made twice."""
        return self._writes(lambda: self._try(method, path, body, WRITE_TIMEOUT_S, params))

    def once(self, method: str, path: str, body: Body, timeout: float = WRITE_TIMEOUT_S, **params: Any) -> Any:
        """A change that must not be made twice. SearchUnavailable leaves open whether it was made."""
        return self._try(method, path, body, timeout, params)

    def close(self) -> None:
        self._client.close()

    def _limited(self, timeout: float) -> Elasticsearch:
        return self._clients.setdefault(timeout, self._client.options(request_timeout=timeout))

    def _read(self, method: str, path: str, body: Body, params: Mapping[str, Any]) -> Any:
        return self._reads(lambda: self._try(method, path, body, SEARCH_TIMEOUT_S, params))

    def _try(self, method: str, path: str, body: Body, timeout: float, params: Mapping[str, Any]) -> Any:
        try:
            self.breaker.admit()
        except CircuitOpen as error:
            raise SearchUnavailable(str(error)) from None
        headers = _LINES if isinstance(body, list) else _JSON
        client = self._clients.get(timeout) or self._limited(timeout)
        try:
            answer = client.perform_request(method, path, params=params, headers=headers, body=body).body
        except ApiError as error:
            if error.status_code in _BUSY:
                self.breaker.failed()
                raise _Trouble(str(error)) from error
            self.breaker.succeeded()
            raise _refused(error) from error
        except TransportError as error:
            self.breaker.failed()
            raise _Trouble(str(error)) from error
        self.breaker.succeeded()
        return answer


def _refused(error: ApiError) -> Refused:
    said = error.body.get("error") if isinstance(error.body, dict) else None
    if isinstance(said, dict):
        return Refused(error.status_code, str(said.get("type")), str(said.get("reason")))
    return Refused(error.status_code, str(said or "unknown"), str(error))
