"""How requests are repeated, refused and given up, against a server that answers what it is told to."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from projections.breaker import Breaker
from projections.search import translations
from projections.search.elastic import server as server_module
from projections.search.elastic.server import SEARCH_ATTEMPTS, WRITE_ATTEMPTS, Refused, Server
from projections.search.elastic.words import REMEMBERED_S, TextTerms, Vocabulary
from projections.search.port import SearchUnavailable
from projections.search.query import FIELDS

ERROR = {"error": {"type": "parsing_exception", "reason": "no such query"}, "status": 400}


class Scripted(ThreadingHTTPServer):
    """Answers with the statuses of ``script``, then with 200."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.script: list[int] = []
        self.bodies: list[bytes] = []
        self.takes = 0.0
        """Seconds that each answer takes."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    server: Scripted

    def do_POST(self) -> None:
        self.server.bodies.append(self.rfile.read(int(self.headers.get("Content-Length", 0))))
        time.sleep(self.server.takes)
        status = self.server.script.pop(0) if self.server.script else 200
        body = json.dumps({"ok": True} if status == 200 else ERROR).encode()
        self.send_response(status)
        self.send_header("X-Elastic-Product", "Elasticsearch")
        self.send_header("Content-Type", "application/vnd.elasticsearch+json;compatible-with=8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        with contextlib.suppress(OSError):  # whoever asked may have gone
            self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def scripted() -> Iterator[Scripted]:
    server = Scripted()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def server(scripted: Scripted, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setattr(server_module, "_WAIT_MAX_S", 0.01)
    server = Server(scripted.url, Breaker("search", failures_max=6, rest_s=60))
    yield server
    server.close()


def test_a_busy_server_is_asked_again(scripted, server):
    scripted.script = [503, 429, 502]
    assert server.write("POST", "/_bulk", [b"{}", b"{}"]) == {"ok": True}
    assert scripted.bodies == [b"{}\n{}\n"] * 4


@pytest.mark.parametrize(("ask", "attempts"), [("search", SEARCH_ATTEMPTS), ("write", WRITE_ATTEMPTS), ("once", 1)])
def test_attempts_are_bounded(scripted, server, ask, attempts):
    scripted.script = [503] * 9
    call = {
        "search": lambda: server.search("/_search", {}),
        "write": lambda: server.write("POST", "/_refresh"),
        "once": lambda: server.once("POST", "/_create", {}),
    }[ask]
    with pytest.raises(SearchUnavailable):
        call()
    assert len(scripted.bodies) == attempts


def test_whoever_waits_waits_for_no_second_one_that_is_as_slow(scripted, monkeypatch):
    monkeypatch.setattr(server_module, "SEARCH_TIMEOUT_S", 0.2)
    scripted.takes = 0.5
    with contextlib.closing(Server(scripted.url)) as server, pytest.raises(SearchUnavailable):
        server.search("/_search", {})
    assert len(scripted.bodies) == 1


def test_what_the_server_refuses_is_not_repeated_and_no_failure_of_the_server(scripted, server):
    scripted.script = [400] * 9
    for _ in range(9):
        with pytest.raises(Refused, match="parsing_exception: no such query"):
            server.search("/_search", {})
    assert len(scripted.bodies) == 9
    assert server.breaker.state == "closed"


def test_the_circuit_opens_and_spares_the_server(scripted, server):
    scripted.script = [503] * 20
    for _ in range(3):
        with pytest.raises(SearchUnavailable):
            server.search("/_search", {})
    assert server.breaker.state == "open"
    asked = len(scripted.bodies)
    with pytest.raises(SearchUnavailable, match="left alone"):
        server.write("POST", "/_refresh")
    assert len(scripted.bodies) == asked


def test_nobody_at_the_address_is_unavailable():
    server = Server("http://127.0.0.1:1")
    with pytest.raises(SearchUnavailable):
        server.search("/_search", {})
    server.close()


def test_frequencies_are_asked_once_and_forgotten_in_time():
    asked, now = [], [0.0]

    def ask(body):
        asked.append(body["doc"])
        terms = {
            "mous": {"doc_freq": 7, "tokens": [{"start_offset": 5}]},
            "mice": {"tokens": [{"start_offset": 0}]},
        }
        return {"term_vectors": {"title": {"field_statistics": {"doc_count": 9}, "terms": terms}}}

    vocabulary = Vocabulary(ask, lambda: now[0])
    for _ in range(2):
        words = vocabulary.of(["mice", "mouse", "mouse"], ["m185"])
        assert (words.products, words.frequency("mouse"), words.frequency("mice")) == (9, 7, 0)
        assert not words.knows_code("m185")
    ways = [way for word in ("mice", "mouse") for way in translations.ways(word)]
    translated = dict.fromkeys(translations.FIELDS, ways)
    assert asked == [{field: ["mice", "mouse"] for field in FIELDS} | translated | {"code": ["m185"]}]
    now[0] += REMEMBERED_S
    vocabulary.of(["mouse"], [])
    assert len(asked) == 2


def test_what_is_unknown_is_guessed_until_it_is_known():
    def ask(body):
        found = {"usb": {"doc_freq": 4, "tokens": [{"start_offset": 0}]}}
        terms = found if "usb" in body["doc"]["title"] else {}
        return {"term_vectors": {"title": {"field_statistics": {"doc_count": 9}, "terms": terms}}}

    vocabulary = Vocabulary(ask)
    asked = TextTerms(["usb", "hub"], ["usbhub"], [], [])
    assert vocabulary.likely(asked) is None, "how many products there are is not known"
    vocabulary.of(["usb"], [])
    guess = vocabulary.likely(asked)
    assert [guess.frequency(word) for word in ("usb", "hub", "usbhub")] == [4, 9, 0]
    assert vocabulary.likely(asked._replace(codes=["x1"])) is None
    assert vocabulary.likely(asked._replace(others=["port"])) is None
    assert vocabulary.of_text(asked).frequency("hub") == 0
    assert vocabulary.likely(asked) is None, "nothing is to be guessed"
