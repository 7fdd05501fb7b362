"""Jars from a repository that cannot always be reached, with a Maven that only pretends."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from stack.servers import java
from stack.servers.kafka import Kafka
from stack.servers.settings import Failure

MAVEN = """#!/bin/sh
echo call >>calls
[ "$(wc -l <calls)" -ge {succeeds_at} ] && exit 0
echo '[ERROR] Could not transfer artifact: Connection reset'
exit 1
"""


@pytest.fixture
def kafka(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Kafka:
    monkeypatch.setenv("KONTOR_STACK", str(tmp_path))
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr(java, "PAUSES_S", (0.01, 0.02))
    kafka = Kafka()
    kafka.data.mkdir(parents=True)
    return kafka


def maven(folder: Path, succeeds_at: int) -> None:
    command = folder / "mvn"
    command.write_text(MAVEN.format(succeeds_at=succeeds_at))
    command.chmod(0o755)


def test_a_download_that_broke_off_is_tried_again(kafka: Kafka, tmp_path: Path, capfd: pytest.CaptureFixture[str]):
    maven(tmp_path, succeeds_at=3)
    kafka.fetch(tmp_path / "lib", tmp_path / "repository")
    assert capfd.readouterr().out.splitlines() == [
        f"kafka          maven could not fetch its jars; once more in {pause} s" for pause in java.PAUSES_S
    ]


def test_what_cannot_be_fetched_is_told_with_the_reason(kafka: Kafka, tmp_path: Path):
    maven(tmp_path, succeeds_at=99)
    with pytest.raises(Failure, match="maven could not fetch its jars") as raised:
        kafka.fetch(tmp_path / "lib", tmp_path / "repository")
    assert raised.value.said == "[ERROR] Could not transfer artifact: Connection reset"
    assert raised.value.advice == "run stack/up kafka again when maven's repository can be reached"
    assert len((kafka.data / "calls").read_text().splitlines()) == 3
