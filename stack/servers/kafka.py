"""One Kafka node in KRaft mode, broker and controller at once."""

from __future__ import annotations

import base64
import socket
import uuid

from . import wire
from .java import COMMON, QUICK, JavaServer
from .settings import HOST

METADATA_REQUEST = (
    b"\x00\x03\x00\x01"  # Metadata, version 1
    b"\x00\x00\x00\x2a"  # correlation id
    b"\xff\xff"  # no client id
    b"\x00\x00\x00\x00"  # about no topic
)


class Kafka(JavaServer):
    name = "kafka"
    also_ports = ("kafka_controller",)
    main_class = "kafka.Kafka"
    heap = "384m"
    options = (
        "-XX:MaxMetaspaceSize=128m",
        "-XX:MaxDirectMemorySize=128m",
        "-Xss512k",
        "-Dorg.slf4j.simpleLogger.showDateTime=true",
        "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd HH:mm:ss.SSS",
        "-Dorg.slf4j.simpleLogger.showShortLogName=true",
        "-Dorg.slf4j.simpleLogger.showThreadName=false",
        # not the 350 lines of settings at each start
        "-Dorg.slf4j.simpleLogger.log.kafka.server.KafkaConfig=warn",
        "-Dorg.slf4j.simpleLogger.log.org.apache.kafka.common.config=warn",
    )

    def export(self) -> tuple[str, str]:
        return "KONTOR_KAFKA", f"{HOST}:{self.port}"

    def prepare(self) -> None:
        super().prepare()
        template = (self.sources / "server.properties").read_text()
        values = {**self.ports(), "logs": self.data / "logs"}
        for name, value in values.items():
            template = template.replace(f"@{name}@", str(value))
        (self.data / "server.properties").write_text(template)
        if not (self.data / "logs" / "meta.properties").exists():
            self._format()

    def _format(self) -> None:
        cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=").replace("-", "A", 1)
        self.run(
            [
                *(self.tool("java"), *COMMON, "-Xmx128m", QUICK),
                *("-cp", str(self.home / "lib" / "*"), "kafka.tools.StorageTool", "format"),
                *("--cluster-id", cluster, "--config", str(self.data / "server.properties")),
            ],
            f"formatting {self.data / 'logs'} failed",
        )

    def arguments(self) -> list[str]:
        return [str(self.data / "server.properties")]

    def asked(self, connection: socket.socket) -> bool:
        """Metadata, which lists the brokers that may be used: the one we ask is among them when it is ready."""
        connection.sendall(len(METADATA_REQUEST).to_bytes(4, "big") + METADATA_REQUEST)
        answer = wire.receive(connection, wire.receive_number(connection))
        return answer[:4] == METADATA_REQUEST[4:8] and int.from_bytes(answer[4:8], "big") == 1
