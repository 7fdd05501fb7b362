"""One Elasticsearch node from the jars of its server, with a plugin of ours for what is not published as a jar."""

from __future__ import annotations

import http.client
import json
import re
import shutil
import socket
from pathlib import Path

from .java import JavaServer
from .settings import HOST

DESCRIPTOR = """\
name={name}
description={name}
version={version}
elasticsearch.version={version}
java.version=17
classname={class_name}
"""

NETTY_JARS = ("netty-*.jar", "transport-netty4-*.jar", "elasticsearch-ssl-config-*.jar")


class Elasticsearch(JavaServer):
    name = "elasticsearch"
    also_ports = ("elasticsearch_transport",)
    main_class = "EsNode"
    heap = "512m"
    options = (
        "-XX:MaxDirectMemorySize=128m",
        "-Xss1m",
        "-XX:-OmitStackTraceInFastThrow",
        # as the stock start script sets them
        "-Dio.netty.noUnsafe=true",
        "-Dio.netty.noKeySetOptimization=true",
        "-Dio.netty.recycler.maxCapacityPerThread=0",
        "-Dio.netty.allocator.numDirectArenas=0",
    )

    def export(self) -> tuple[str, str]:
        return "KONTOR_ELASTICSEARCH_URL", f"http://{HOST}:{self.port}"

    def build(self, home: Path) -> None:
        """A module has its own class loader, so that its jars may not lie on the server's class path."""
        lib, netty = home / "lib", home / "modules" / "transport-netty4"
        netty.mkdir(parents=True)
        for pattern in NETTY_JARS:
            for jar in lib.glob(pattern):
                jar.rename(netty / jar.name)
        found = re.search(r"<elasticsearch.version>(.+?)<", (self.sources / "pom.xml").read_text())
        assert found, "pom.xml names the version"
        self._jar(self.sources / "boot", lib, lib / "kontor-node.jar")
        self._module(netty, found[1], "org.elasticsearch.transport.netty4.Netty4Plugin")
        plugin = home / "modules" / "local-search"
        plugin.mkdir()
        self._jar(self.sources / "plugin", lib, plugin / "local-search.jar")
        self._module(plugin, found[1], "localsearch.LocalSearchPlugin")

    def _jar(self, sources: Path, lib: Path, jar: Path) -> None:
        classes = jar.with_suffix(".classes")
        files = [str(path) for path in sorted(sources.rglob("*.java"))]
        self.run(
            [
                *(self.tool("javac"), "--release", "17", "-nowarn", "-proc:none"),
                *("-cp", f"{lib}/*", "-d", str(classes), *files),
            ],
            f"{sources} does not compile",
        )
        self.run([self.tool("jar"), "--create", "--file", str(jar), "-C", str(classes), "."], f"could not write {jar}")
        shutil.rmtree(classes)

    def _module(self, folder: Path, version: str, class_name: str) -> None:
        text = DESCRIPTOR.format(name=folder.name, version=version, class_name=class_name)
        (folder / "plugin-descriptor.properties").write_text(text)

    @property
    def config(self) -> Path:
        """Files that index settings name, such as ``synonyms_path``, belong here."""
        return self.data / "config"

    def prepare(self) -> None:
        super().prepare()
        self.config.mkdir(exist_ok=True)
        shutil.copy(self.sources / "log4j2.properties", self.config)

    def arguments(self) -> list[str]:
        ports = self.ports()
        return [
            *(str(self.home), str(self.config), str(self.data / "indices")),
            *(str(ports[self.name]), str(ports["elasticsearch_transport"])),
        ]

    def asked(self, connection: socket.socket) -> bool:
        """The cluster's health, which is yellow or green once every index can be searched."""
        client = http.client.HTTPConnection(HOST)
        client.sock = connection
        try:
            client.request("GET", "/_cluster/health?wait_for_status=yellow&timeout=2s")
            return json.load(client.getresponse()).get("timed_out") is False
        except http.client.HTTPException as error:
            raise ValueError(str(error)) from error
