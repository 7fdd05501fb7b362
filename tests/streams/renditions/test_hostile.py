"""Pictures that are made to do harm: each is refused with a reason, within its bounds."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import time
import zlib
from pathlib import Path

import pytest
from PIL import Image

from streams.renditions import rendering
from streams.renditions.rendering import Undecodable, render
from tests.streams.renditions.samples import gif_bomb, packed, photo, png_bomb, png_chunk, png_of, quartered, webp_bomb
from tests.waiting import until

DAMAGED = "it cannot be decoded: it is damaged, or its end is missing"


async def refused(body: bytes, media_type: str = "image/png") -> str:
    with pytest.raises(Undecodable) as refusal:
        await render(body, media_type)
    return str(refusal.value)


@pytest.mark.parametrize(
    ("body", "media_type"),
    [
        (png_bomb(20_000, 20_000), "image/png"),
        (png_of(2**31 - 1, 2**31 - 1, b""), "image/png"),
        (gif_bomb(65_535, 65_535), "image/gif"),
        (webp_bomb(16_384, 16_384), "image/webp"),
        (photo(60_000, 1_000, "JPEG", quality=1), "image/jpeg"),
    ],
)
async def test_one_with_too_many_pixels_is_refused_by_its_head(body: bytes, media_type: str):
    began = time.monotonic()
    assert await refused(body, media_type) == "it has more than 50,000,000 pixels"
    assert time.monotonic() - began < rendering.WALL_S / 2, "nothing was decoded"


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "AVIF"])
async def test_what_has_no_end_is_damaged(kind: str):
    body = photo(640, 480, kind)
    assert await refused(body[: len(body) // 2], f"image/{kind.lower()}") == DAMAGED


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "AVIF"])
async def test_whatever_is_in_it_is_decoded_or_refused(kind: str):
    chance, body = random.Random(kind), photo(320, 240, kind)
    for _ in range(6):
        other = bytearray(body)
        for _ in range(20):
            other[chance.randrange(16, len(other))] = chance.randrange(256)
        try:
            made = await render(bytes(other), f"image/{kind.lower()}")
        except Undecodable:
            continue
        assert all(max(size) <= max(made.rendered.width, made.rendered.height) for size in made.rendered.renditions)


async def test_no_other_decoder_sees_it_than_that_of_its_type():
    """Pillow reads many more kinds, some by other programs; none of them is asked for."""
    for kind in ("BMP", "TIFF", "PPM", "ICO", "EPS"):
        body = packed(quartered(64, 64), kind)
        for media_type in ("image/png", "image/jpeg", "image/gif"):
            assert await refused(body, media_type) == DAMAGED
    assert await refused(photo(64, 64, "JPEG")) == DAMAGED


async def test_texts_that_unpack_to_much_are_refused():
    body = photo(64, 64, "PNG")
    text = png_chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(200_000_000), 9))
    assert await refused(body[:33] + text + body[33:]) == DAMAGED


async def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(rendering, "MEMORY_MAX", 300_000_000)
    body = packed(Image.new("RGBA", (7_000, 7_000)), "PNG")
    assert await refused(body) == "to decode it takes more than 640 MB of memory"


async def test_time_is_bounded_by_what_it_computes(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(rendering, "CPU_S", 1)
    noise = packed(Image.effect_noise((6_000, 6_000), 90).convert("RGB"), "AVIF", speed=10, quality=60)
    assert await refused(noise, "image/avif") == "to decode it takes more than 10 seconds"


def program(folder: Path, text: str) -> str:
    """In the decoder's place, within its bounds."""
    path = folder / "other.py"
    begun = f"import json, os, signal, sys, time\nsys.path.insert(0, {str(Path(rendering._DECODER).parent)!r})\n"
    path.write_text(f"{begun}import decoder\ndecoder.bound(json.loads(sys.argv[1]))\n{text}")
    return str(path)


@pytest.mark.parametrize(
    ("does", "reason"),
    [
        ("time.sleep(60)", "to decode it takes more than 10 seconds"),
        ("os.kill(os.getpid(), signal.SIGSEGV)", DAMAGED),
        ("os.kill(os.getpid(), signal.SIGXCPU)", "to decode it takes more than 10 seconds"),
        ("sys.exit(3)", DAMAGED),
        ("print('nonsense')", DAMAGED),
        ('print(\'{"width":1,"height":1,"made":[[1,1,9]]}\\n<script>\', end=\'\')', DAMAGED),
        ('print(\'{"width":1,"height":1,"made":[]}\\nmore\')', DAMAGED),
        ("while True: sys.stdout.buffer.write(bytes(1 << 20))", DAMAGED),
        ('print(\'{"refused":"anything"}\')', DAMAGED),
    ],
)
async def test_a_decoder_that_was_taken_over_gains_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, does: str, reason: str
):
    monkeypatch.setattr(rendering, "_DECODER", program(tmp_path, does))
    monkeypatch.setattr(rendering, "WALL_S", 2.0 if "sleep" in does else 15.0)
    assert await refused(bytes(3_000_000)) == reason


async def test_it_inherits_no_secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("KONTOR_SECRET", "x")
    report = tmp_path / "report"
    text = (
        f"open({str(report)!r}, 'w').write(' '.join(sorted(os.environ)) + ' ' + ' '.join(os.listdir('/proc/self/fd')))"
    )
    monkeypatch.setattr(rendering, "_DECODER", program(tmp_path, text))
    await refused(b"x")
    words = report.read_text().split()
    assert "KONTOR_SECRET" not in words
    assert len([word for word in words if word.isdigit()]) <= 5, "standard ones, the file, and the folder that is read"


async def test_whoever_stops_waiting_leaves_no_process_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    pid_file = tmp_path / "pid"
    text = f"open({str(pid_file)!r}, 'w').write(str(os.getpid()))\ntime.sleep(60)"
    monkeypatch.setattr(rendering, "_DECODER", program(tmp_path, text))
    asked = asyncio.create_task(render(b"x", "image/png"))
    await until(lambda: pid_file.exists() and bool(pid_file.read_text()))
    asked.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asked
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid_file.read_text()), signal.SIG_DFL)
