"""Where Cassandra is, and how it is to be spoken to."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

PORT = 9042
ANYWHERE = ""
"""Stands for all data centres where none is named."""
_COPIES = re.compile(r"(?:([A-Za-z0-9_.-]{1,48}):)?([1-9][0-9]?)")


@dataclass(frozen=True, slots=True)
class CassandraSettings:
    hosts: tuple[tuple[str, int], ...] = (("127.0.0.1", PORT),)
    """A few nodes to ask for the others."""
    keyspace: str = "kontor"
    """Made at the first start."""
    replication: str = "{'class': 'SimpleStrategy', 'replication_factor': 1}"
    """Of a keyspace that is made now; an existing one stays as it is."""
    consistency: str = "LOCAL_QUORUM"
    """Of reads and writes. A fold goes on from the row as it is, so with several replicas a read must see what was
    acknowledged: QUORUM or LOCAL_QUORUM. With one replica LOCAL_ONE is the same."""
    datacenter: str = ""
    """The near one, where there are several."""
    read_s: float = 2.0
    """How long an answer may take."""
    write_s: float = 10.0
    attempts: int = 3
    """Of each request, before it is given up."""
    window: int = 128
    """Writes under way at once."""

    def __post_init__(self) -> None:
        if not self.keyspace.isidentifier() or not self.keyspace.islower():
            raise ValueError(f"a keyspace is named by small letters, digits and _, not {self.keyspace!r}")


def copies_of(text: str) -> dict[str, int]:
    """How many of each row, by data centre: ``3`` or ``eu:3,us:3``. Raises ValueError."""
    found = [_COPIES.fullmatch(part.strip()) for part in text.split(",")]
    named = [(match[1] or ANYWHERE, int(match[2])) for match in found if match]
    copies = dict(named)
    if len(copies) < len(found) or (ANYWHERE in copies and len(copies) > 1):
        raise ValueError(f"so many copies (3), or so many in each data centre (eu:3,us:3), up to 99, not {text!r}")
    return copies


def replication_of(copies: Mapping[str, int]) -> str:
    """As the definition of a keyspace says it. Without names it is one ring, whatever its nodes are called."""
    if ANYWHERE in copies:
        return f"{{'class': 'SimpleStrategy', 'replication_factor': {copies[ANYWHERE]}}}"
    each = ", ".join(f"'{name}': {number}" for name, number in copies.items())
    return f"{{'class': 'NetworkTopologyStrategy', {each}}}"


def hosts_of(text: str) -> tuple[tuple[str, int], ...]:
    """``host:port,host`` as pairs. Raises ValueError."""
    pairs = [part.strip().partition(":") for part in text.split(",")]
    if not all(host and port.isdecimal() is bool(colon) for host, colon, port in pairs):
        raise ValueError(f"host:port, or several of them with commas, not {text!r}")
    return tuple((host, int(port or PORT)) for host, _, port in pairs)
