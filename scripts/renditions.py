"""What renditions cost and save: ``python scripts/renditions.py [--pictures 20] [--sides 160,320,640,1280]``.

Draws pictures with the detail of photographs, twelve million pixels of two to three megabytes, makes their renditions
as the command service does, and says in JSON what one takes (by the clock, of the processor, memory at the most) and
what a list of them weighs, in bytes: whole, and in each size.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from streams.renditions import rendering
from streams.renditions.rendering import SIDES, Made, render

SIZE = (4000, 3000)
KINDS: dict[str, dict[str, Any]] = {"jpeg": {"quality": 88}, "webp": {"quality": 88}, "png": {}, "avif": {}}


def draw(folder: Path, pictures: int) -> None:
    """Shapes of all sizes, the smaller the fainter, and the grain of a sensor."""
    from PIL import Image, ImageChops

    for seed in range(pictures):
        chance, bands = random.Random(seed), []
        grain = Image.effect_noise(SIZE, 9).point(lambda value: value // 4)
        for _ in range(3):
            band = Image.new("L", SIZE, 128)
            for octave in range(2, 10):
                small = (2**octave, 2**octave * 3 // 4)
                noise = Image.frombytes("L", small, chance.randbytes(small[0] * small[1]))
                band = Image.blend(band, noise.resize(SIZE, Image.Resampling.BICUBIC), 0.35)
            bands.append(ImageChops.add(band, grain, offset=-32))
        for kind, how in KINDS.items():
            if kind == "jpeg" or seed == 0:
                Image.merge("RGB", bands).save(folder / f"{seed}.{kind}", **how)


async def timed(body: bytes, kind: str, sides: tuple[int, ...]) -> tuple[Made, float, float]:
    """Milliseconds by the clock, and of the processor."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    made = await render(body, f"image/{kind}", sides)
    took, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    return made, took * 1000, (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 1000


def memory(path: Path, sides: tuple[int, ...]) -> int:
    """Megabytes at the most, of the decoder alone."""
    order = {"type": f"image/{path.suffix[1:]}", "sides": sides, "quality": rendering.QUALITY, "cpu": rendering.CPU_S}
    order |= {"pixels": rendering.PIXELS_MAX, "memory": rendering.MEMORY_MAX, "answer": rendering.ANSWER_MAX}
    command = [sys.executable, "-I", rendering._DECODER, json.dumps(order)]
    with path.open("rb") as given:
        process = subprocess.Popen(command, stdin=given, stdout=subprocess.DEVNULL, env=rendering._ENVIRONMENT)
    return os.wait4(process.pid, 0)[2].ru_maxrss // 1000


def main(pictures: int, sides: tuple[int, ...]) -> dict[str, Any]:
    figures: dict[str, Any] = {}
    with TemporaryDirectory() as name:
        folder = Path(name)
        subprocess.run([sys.executable, __file__, "--draw", name, "--pictures", str(pictures)], check=True)
        for kind in KINDS:
            paths = sorted(folder.glob(f"*.{kind}"))
            runs = [asyncio.run(timed(path.read_bytes(), kind, sides)) for path in paths]
            figures[kind] = {
                "original_bytes": round(statistics.median(path.stat().st_size for path in paths)),
                "clock_ms": round(statistics.median(clock for _, clock, _ in runs)),
                "processor_ms": round(statistics.median(processor for _, _, processor in runs)),
                "memory_mb": memory(paths[0], sides),
            }
            if kind == "jpeg":
                whole = sum(path.stat().st_size for path in paths)
                figures["list"] = {"pictures": len(paths), "whole": whole}
                for number, side in enumerate(sides):
                    figures["list"][str(side)] = sum(len(made.bodies[number]) for made, _, _ in runs)
    return figures


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--pictures", type=int, default=20)
    parser.add_argument("--sides", default=",".join(map(str, SIDES)))
    parser.add_argument("--draw", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.draw:
        draw(asked.draw, asked.pictures)
    else:
        print(json.dumps(main(asked.pictures, tuple(map(int, asked.sides.split(",")))), indent=1))
