"""Many changes in few requests, each with its version, and what the server said to each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, NamedTuple

import msgspec

from projections.search.document import SearchDocument
from projections.search.elastic.generations import write_alias
from projections.search.elastic.mapping import document_json
from projections.search.elastic.server import Refused, Server
from projections.search.port import Rejected, SearchUnavailable

REQUEST_BYTES_MAX = 8_000_000
REQUEST_CHANGES_MAX = 500
ATTEMPTS = 4
"""For changes that the server was too busy to take."""
_REASON_CHARS_MAX = 500
_encode = msgspec.json.Encoder().encode

Change = SearchDocument | None
"""None deletes."""


class Request(NamedTuple):
    """Ready to be sent."""

    ids: list[str]
    lines: list[bytes]


def write(server: Server, index: str, changes: Mapping[str, Change], version: int) -> list[Rejected]:
    """Changes by product id. A change that is older than what is there is dropped by the server.

    One request is under way while the next is made: documents take a third of the time that the server needs for them.
    """
    rejected: list[Rejected] = []
    with ThreadPoolExecutor(1, "search-bulk") as sender:
        under_way: Future[list[Rejected]] | None = None
        for request in requests(changes, version):
            if under_way is not None:
                rejected += under_way.result()
            under_way = sender.submit(send, server, index, request)
        if under_way is not None:
            rejected += under_way.result()
    return rejected


def requests(changes: Mapping[str, Change], version: int) -> Iterator[Request]:
    """Each change with ``version``, in as few requests as are neither too long nor too many changes."""
    ids: list[str] = []
    lines: list[bytes] = []
    size = 0
    for product_id, document in changes.items():
        action = b'{"%b":{"_id":%b,"version":%d,"version_type":"external_gte"}}'
        head = action % (b"delete" if document is None else b"index", _encode(product_id), version)
        line = head if document is None else head + b"\n" + document_json(document)
        if ids and (size + len(line) > REQUEST_BYTES_MAX or len(ids) >= REQUEST_CHANGES_MAX):
            yield Request(ids, lines)
            ids, lines, size = [], [], 0
        ids.append(product_id)
        lines.append(line)
        size += len(line)
    if ids:
        yield Request(ids, lines)


def send(server: Server, index: str, request: Request) -> list[Rejected]:
    """Sends what the server was too busy for again; ``server`` waits and repeats when it takes nothing at all. Raises
    SearchUnavailable, and Refused where the index is gone."""
    ids, lines = request
    rejected: list[Rejected] = []
    for _ in range(ATTEMPTS):
        answer = server.write(
            "POST",
            f"/{write_alias(index)}/_bulk",
            lines,
            require_alias="true",
            filter_path="errors,items.*.status,items.*.error.type,items.*.error.reason,items.*.error.caused_by.reason",
        )
        if not answer["errors"]:
            return rejected
        busy = []
        for at, item in enumerate(answer["items"]):
            [result] = item.values()
            status = result["status"]
            if status == 429 or status >= 500:
                busy.append(at)
            elif status >= 400 and status != 409 and (error := result.get("error")):
                if error["type"] == "index_not_found_exception":
                    raise Refused(status, error["type"], error["reason"])
                rejected.append(Rejected(ids[at], _reason(error)))
        if not busy:
            return rejected
        ids, lines = [ids[at] for at in busy], [lines[at] for at in busy]
    raise SearchUnavailable(f"{len(ids)} changes were not taken in {ATTEMPTS} attempts")


def _reason(error: Mapping[str, Any]) -> str:
    cause = error.get("caused_by", {}).get("reason")
    told = f"{error.get('type')}: {error.get('reason')}" + (f" ({cause})" if cause else "")
    return told[:_REASON_CHARS_MAX]
