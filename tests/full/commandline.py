"""`kontor` at the command line of a full profile."""

from __future__ import annotations

import subprocess
import sys

from tests.conftest import ROOT

NOWHERE = {
    "KONTOR_KAFKA": "127.0.0.1:1",
    "KONTOR_REDIS_URL": "redis://127.0.0.1:1",
    "KONTOR_ELASTICSEARCH_URL": "http://127.0.0.1:1",
    "KONTOR_CASSANDRA": "127.0.0.1:1",
    "KONTOR_PROVIDER_URL": "http://127.0.0.1:1",
}
"""Servers that do not answer, as settings of a process."""


def kontor(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "kontor", *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=100)


def output_of(environment: dict[str, str], *arguments: str) -> str:
    done = kontor(environment, *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout


def create_user(environment: dict[str, str]) -> None:
    created = kontor(environment, "user", "create", "--email", "ada@example.com", "--password", "correct horse")
    assert created.returncode == 0, created.stderr
