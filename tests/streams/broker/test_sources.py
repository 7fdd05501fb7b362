from __future__ import annotations

from tests.contracts.source import SourceContract


class TestKafkaSource(SourceContract):
    kind = "kafka"


class TestFaustSource(SourceContract):
    kind = "faust"
