"""The least that shows a server at work, spoken in its own protocol: keep a word, give it back in another session."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Callable
from contextlib import contextmanager
from typing import Any, NamedTuple


class Client(NamedTuple):
    keep: Callable[[int, str], object]
    kept: Callable[[int], str]


@contextmanager
def session(port: int) -> Any:
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        yield connection.makefile("rwb")


def sized(data: bytes, size: int = 4, more: int = 0) -> bytes:
    return (len(data) + more).to_bytes(size, "big") + data


def number(stream: Any, size: int = 4) -> int:
    return int.from_bytes(stream.read(size), "big")


# ---- postgres


def postgres(port: int, query: str) -> bytes:
    with session(port) as stream:
        stream.write(sized(b"\0\3\0\0user\0kontor\0database\0kontor\0\0", more=4))
        stream.write(b"Q" + sized(query.encode() + b"\0", more=4) + b"X" + sized(b"", more=4))
        stream.flush()
        rows = b""
        while kind := stream.read(1):
            body = stream.read(number(stream) - 4)
            assert kind != b"E", body
            rows += body if kind == b"D" else b""
        return rows


# ---- redis


def redis(port: int, command: str) -> bytes:
    with session(port) as stream:
        stream.write(command.encode() + b"\r\n")
        stream.flush()
        first: bytes = stream.readline()
        assert not first.startswith(b"-"), first
        return stream.readline() if first.startswith(b"$") else first


# ---- elasticsearch


def elasticsearch(port: int, method: str, path: str, body: object = None) -> Any:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    data = None if body is None else json.dumps(body)
    connection.request(method, path, data, {"Content-Type": "application/json"})
    response = connection.getresponse()
    answer = json.load(response)
    connection.close()
    assert response.status < 300, answer
    return answer


# ---- cassandra


def cassandra(port: int, *queries: str) -> bytes:
    def ask(stream: Any, opcode: int, body: bytes) -> bytes:
        stream.write(bytes([4, 0, 0, 0, opcode]) + sized(body))
        stream.flush()
        answered = stream.read(5)[4]
        answer: bytes = stream.read(number(stream))
        assert answered != 0, answer
        return answer

    answer = b""
    with session(port) as stream:
        ask(stream, 1, b"\0\1" + sized(b"CQL_VERSION", 2) + sized(b"3.0.0", 2))
        for query in queries:
            answer = ask(stream, 7, sized(query.encode()) + b"\0\1\0")
    return answer


# ---- kafka, whose topics are the words


def kafka(port: int, api: int, version: int, body: bytes) -> bytes:
    with session(port) as stream:
        stream.write(sized(bytes([0, api, 0, version]) + b"\0\0\0\7\xff\xff" + body))
        stream.flush()
        answer: bytes = stream.read(number(stream))
        assert answer[:4] == b"\0\0\0\7"
        return answer[4:]


def create_topic(port: int, name: str) -> None:
    topic = sized(name.encode(), 2) + b"\0\0\0\1" + b"\0\1" + b"\0\0\0\0" * 2
    answer = kafka(port, 19, 2, b"\0\0\0\1" + topic + (10_000).to_bytes(4, "big") + b"\0")
    assert answer[8 + 2 + len(name) :][:2] == b"\0\0", answer


def topics(port: int) -> str:
    return kafka(port, 3, 1, b"\xff\xff\xff\xff").decode("latin-1")


CLIENTS = {
    "postgres": Client(
        lambda port, word: postgres(port, f"CREATE TABLE kept (word text); INSERT INTO kept VALUES ('{word}')"),
        lambda port: postgres(port, "SELECT word FROM kept").decode("latin-1"),
    ),
    "kafka": Client(create_topic, topics),
    "redis": Client(
        lambda port, word: redis(port, f"SET kept {word}"),
        lambda port: redis(port, "GET kept").decode(),
    ),
    "elasticsearch": Client(
        lambda port, word: elasticsearch(port, "PUT", "/kept/_doc/1", {"word": word}),
        lambda port: str(elasticsearch(port, "GET", "/kept/_doc/1")["_source"]["word"]),
    ),
    "cassandra": Client(
        lambda port, word: cassandra(
            port,
            "CREATE KEYSPACE kept WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}",
            "CREATE TABLE kept.words (id int PRIMARY KEY, word text)",
            f"INSERT INTO kept.words (id, word) VALUES (1, '{word}')",
        ),
        lambda port: cassandra(port, "SELECT word FROM kept.words").decode("latin-1"),
    ),
}
