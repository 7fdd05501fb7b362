"""What is imported only where it is needed: servers' clients by the full profile, HTTP code by services."""

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
import kontor.proving.verifying_views
import kontor.bench.append
"""


def test_the_embedded_profile_imports_without_the_clients_of_the_full_one() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


LOOKING = """
import sys
for name in ("fastapi", "starlette", "uvicorn", "prometheus_client", "aiohttp"):
    sys.modules[name] = None
import kontor.cli, kontor.operating.parked, kontor.operating.feedcommands, kontor.operating.reconciling
import kontor.operating.status, kontor.operating.showing, kontor.operating.explaining, kontor.operating.users
import kontor.operating.backup, kontor.operating.copying, kontor.operating.clearing, kontor.proving.verifying
import kontor.proving.verifying_views
"""


def test_commands_that_serve_nothing_wait_for_none_of_the_http_code() -> None:
    done = subprocess.run([sys.executable, "-c", LOOKING], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
