"""One Cassandra node."""

from __future__ import annotations

import os
import socket

from . import wire
from .java import JavaServer
from .settings import HOST

STARTUP, READY, QUERY, RESULT = 1, 2, 7, 8
ONE = 1
ROWS = 2


def ask(connection: socket.socket, opcode: int, body: bytes) -> tuple[int, bytes]:
    """One frame of the native protocol, version 4, and the frame that answers it."""
    connection.sendall(bytes([4, 0, 0, 0, opcode]) + len(body).to_bytes(4, "big") + body)
    answered = wire.receive(connection, 5)[4]
    return answered, wire.receive(connection, wire.receive_number(connection))


class Cassandra(JavaServer):
    name = "cassandra"
    also_ports = ("cassandra_storage",)
    main_class = "org.apache.cassandra.service.CassandraDaemon"
    heap = "512m"
    options = (
        "-XX:MaxDirectMemorySize=256m",
        "-Xss384k",
        "-Dio.netty.tryReflectionSetAccessible=true",
        # the longer list of the stock start script serves features that are off here
        "--add-opens=java.base/sun.nio.ch=ALL-UNNAMED",
        "--add-opens=java.base/jdk.internal.ref=ALL-UNNAMED",
        "--add-opens=java.base/java.io=ALL-UNNAMED",
        # there is no other node to wait for
        "-Dcassandra.skip_wait_for_gossip_to_settle=0",
        "-Dcassandra.ring_delay_ms=0",
        "-Dcassandra.shutdown_announce_in_ms=0",
    )

    def export(self) -> tuple[str, str]:
        return "KONTOR_CASSANDRA", f"{HOST}:{self.port}"

    def properties(self) -> list[str]:
        ports = self.ports()
        return [
            f"-Dlogback.configurationFile={self.sources / 'logback.xml'}",
            f"-Dcassandra.config={(self.sources / 'cassandra.yaml').as_uri()}",
            f"-Dcassandra.storagedir={self.data}",
            f"-Dcassandra.logdir={self.data}",
            f"-Dcassandra.native_transport_port={ports[self.name]}",
            f"-Dcassandra.storage_port={ports['cassandra_storage']}",
            f"-Dcassandra.available_processors={os.cpu_count()}",
        ]

    def arguments(self) -> list[str]:
        return []

    def command(self) -> list[str]:
        """Where it may, it locks the whole heap into memory at its start: half a gigabyte for nothing."""
        unprivileged = ["setpriv", "--inh-caps=-ipc_lock", "--bounding-set=-ipc_lock"] if os.geteuid() == 0 else []
        return [*unprivileged, "prlimit", "--memlock=65536:65536", *super().command()]

    def asked(self, connection: socket.socket) -> bool:
        """A session, and one row from a system table."""
        options = b"".join(len(word).to_bytes(2, "big") + word for word in (b"CQL_VERSION", b"3.0.0"))
        if ask(connection, STARTUP, b"\x00\x01" + options)[0] != READY:
            return False
        query = b"SELECT release_version FROM system.local"
        body = len(query).to_bytes(4, "big") + query + ONE.to_bytes(2, "big") + b"\x00"
        opcode, answer = ask(connection, QUERY, body)
        return opcode == RESULT and int.from_bytes(answer[:4], "big") == ROWS
