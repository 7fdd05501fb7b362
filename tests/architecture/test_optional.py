"""The embedded profile needs nothing of the full one's."""

from __future__ import annotations

import subprocess
import sys

from tests.architecture.sources import ROOT

PROGRAM = """
import sys
clients = ("psycopg", "psycopg_pool", "aiokafka", "redis", "elasticsearch", "cassandra", "faust", "aiohttp", "stripe")
clients += ("boto3", "botocore")
for name in clients:
    sys.modules[name] = None
import kontor.cli, kontor.wiring.embedded, kontor.serving.running, kontor.serving.demo, kontor.proving.verifying
import kontor.operating.copying, kontor.operating.importing, kontor.operating.status, kontor.operating.users
import kontor.bench.append
"""


def test_the_embedded_profile_imports_without_the_clients_of_the_full_one() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
