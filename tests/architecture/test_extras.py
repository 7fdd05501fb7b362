"""The embedded profile needs nothing of the extra ``full``."""

from __future__ import annotations

import subprocess
import sys

CLIENTS = ("aiohttp", "redis", "tenacity", "aiokafka", "faust", "cassandra", "elasticsearch", "psycopg", "stripe")
IMPORTED = (
    "kontor.wiring.embedded",
    "kontor.cli",
    "kontor.serving.server",
    "writeapi.app",
    "readapi.app",
    "readapi.reading",
)


def test_the_embedded_profile_is_imported_without_the_clients_of_servers() -> None:
    program = f"import sys\nsys.modules.update(dict.fromkeys({CLIENTS!r}))\nimport {', '.join(IMPORTED)}"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
