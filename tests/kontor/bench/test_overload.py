"""Three times as much as the service can answer, for some seconds: others are told at once, and it goes on afterwards.

How soon those that are let in are answered, `kontor bench overload` tells on a machine that has nothing else to do.
"""

from __future__ import annotations

import pytest

from kontor.bench import overload as bench
from kontor.bench.overload import overload


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_whoever_cannot_be_answered_soon_is_told_when_to_ask_again(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("KONTOR_REQUESTS_AT_ONCE", "60")
    for name, value in {"VISITORS": 300, "MEASURING_S": 2.0, "AFTER_S": 4.0}.items():
        monkeypatch.setattr(bench, name, value)
    figures = await overload(4.0)
    assert figures["refused"] > 0
    assert figures["refused_without_retry_after"] == 0
    assert figures["accepted_per_s"] > 0
    assert figures["sent_per_s"] > figures["accepted_per_s"]
    assert figures["normal_p99_ms"] > 0
