"""The one writer among processes: a document that its holder rewrites, and that others may take when it stands still.

No clock is compared with another machine's: whoever waits watches the document's sequence number by a clock of its
own, and takes the lease when it has not changed for TTL_S and a margin. Every change says which sequence number it
replaces, so of two that try at once one wins. A holder that was stopped and goes on may write for an instant beside its
successor; the versions of its writes are then behind, and the server refuses them.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any, NamedTuple
from uuid import uuid4

import structlog

from projections.search.elastic.server import Refused, Server
from projections.search.port import SearchUnavailable

TTL_S = 6.0
MARGIN_S = 1.0
_RENEWALS = 4
"""In the time of one TTL, so that one or two may fail."""

log = structlog.get_logger("search")


class Stamp(NamedTuple):
    """Which change of the document is meant."""

    sequence: int
    term: int


class Lease:
    """``acquire`` never waits for another holder. While held, a thread renews it."""

    def __init__(
        self, server: Server, index: str, ttl_s: float = TTL_S, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._server = server
        self._index = index
        self._ttl_s = ttl_s
        self._clock = clock
        self._me = uuid4().hex
        self._lock = threading.RLock()
        self._mine: Stamp | None = None
        self._valid_until = 0.0
        self._seen: Stamp | None = None
        self._seen_at = 0.0
        self._stop = threading.Event()
        self._heart: threading.Thread | None = None
        self._trouble_told = False

    @property
    def held(self) -> bool:
        return self._mine is not None and self._clock() < self._valid_until

    def acquire(self) -> bool:
        """True if the lease is ours now, or was already."""
        with self._lock:
            if not self.held and not self._take():
                return False
            if self._heart is None:
                self._stop.clear()
                self._heart = threading.Thread(target=self._beat, name="search-lease", daemon=True)
                self._heart.start()
            return True

    def release(self) -> None:
        """Lets others have it at once; if the server is away, when it has stood still long enough."""
        heart, self._heart = self._heart, None
        self._stop.set()
        if heart is not None and heart is not threading.current_thread():
            heart.join()
        with self._lock:
            mine, self._mine = self._mine, None
            if mine is not None:
                try:
                    self._put(None, {"if_seq_no": mine.sequence, "if_primary_term": mine.term})
                except (Refused, SearchUnavailable) as error:
                    log.warning("search_lease_not_released", reason=str(error))

    def _take(self) -> bool:
        self._mine = None
        found = self._server.get(f"/{self._index}/_doc/lease")
        if found is None:
            self._make_index()
            return self._put(self._me, {"op_type": "create"})
        stamp, holder = Stamp(found["_seq_no"], found["_primary_term"]), found["_source"]["holder"]
        now = self._clock()
        if stamp != self._seen:
            self._seen, self._seen_at = stamp, now
        if holder not in (None, self._me) and now < self._seen_at + self._ttl_s + MARGIN_S:
            return False
        return self._put(self._me, {"if_seq_no": stamp.sequence, "if_primary_term": stamp.term})

    def _put(self, holder: str | None, only_if: dict[str, Any]) -> bool:
        """Whether nobody else changed the document before."""
        asked_at = self._clock()
        body = {"holder": holder, "beat": uuid4().hex}
        try:
            answer = self._server.once("PUT", f"/{self._index}/_doc/lease", body, timeout=self._ttl_s / 2, **only_if)
        except Refused as refused:
            if refused.status == 409:
                return False
            raise
        if holder is not None:
            self._mine = Stamp(answer["_seq_no"], answer["_primary_term"])
            self._valid_until = asked_at + self._ttl_s
        return True

    def _beat(self) -> None:
        while not self._stop.wait(self._ttl_s / _RENEWALS):
            with self._lock:
                if self._mine is not None and not self._stop.is_set():
                    self._renew(self._mine)

    def _renew(self, mine: Stamp) -> None:
        """An answer that is lost may have renewed it all the same: then the document says so."""
        try:
            if self._put(self._me, {"if_seq_no": mine.sequence, "if_primary_term": mine.term}) or self._take():
                self._trouble_told = False
                return
            trouble, reason = "search_lease_lost", "another process has it"
        except (Refused, SearchUnavailable) as error:
            trouble, reason = "search_lease_not_renewed", str(error)
        if not self._trouble_told:
            self._trouble_told = True
            log.warning(trouble, reason=reason)

    def _make_index(self) -> None:
        body = {
            "settings": {"number_of_shards": 1, "auto_expand_replicas": "0-1", "hidden": True},
            "mappings": {"dynamic": False},
        }
        try:
            self._server.once("PUT", f"/{self._index}", body)
        except Refused as refused:
            if refused.kind != "resource_already_exists_exception":
                raise
