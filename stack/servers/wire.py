"""Two helpers for the questions that the servers are asked in their own protocols."""

from __future__ import annotations

import socket


def receive(connection: socket.socket, count: int) -> bytes:
    """Exactly so many bytes."""
    data = b""
    while len(data) < count:
        if not (more := connection.recv(count - len(data))):
            raise ConnectionError("closed in the middle of an answer")
        data += more
    return data


def receive_number(connection: socket.socket, size: int = 4) -> int:
    return int.from_bytes(receive(connection, size), "big")
