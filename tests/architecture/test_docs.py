"""What README.md and some other papers tell a reader to type is typed here, against a demo started from nothing.

A fenced block whose info string is ``sh run`` is executed. All of a paper run in one bash session with ``set -e``, so
later blocks see the variables of earlier ones. Their port 8000 is replaced by a free one when it is taken. Blocks that
are ``python run`` are executed too, without a demo.
"""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.papers import PAPERS, blocks_in, text_of
from tests.architecture.sources import ROOT

TYPED = ("README.md", "docs/tutorial.md", "docs/replay.md")
PORT = 8000
READY_SECONDS = 120
END_SECONDS = 20
SCRIPT_SECONDS = 300
HEAD = """set -e; trap 'echo "line $LINENO: failed: $BASH_COMMAND" >&2' ERR; set -E"""


def script(text: str) -> str:
    """The ``sh run`` blocks at the lines where they stand in the text, so that bash's line numbers are the reader's."""
    return "\n".join([HEAD, *blocks(text, "sh run")[1:]]) + "\n"


def blocks(text: str, kind: str) -> list[str]:
    """The lines of such blocks where they stand, and empty ones elsewhere."""
    lines = [""] * len(text.splitlines())
    for block in blocks_in(text):
        if block.kind == kind:
            own = block.text.splitlines()
            lines[block.line - 1 : block.line - 1 + len(own)] = own
    return lines


def free_port(wished: int) -> int:
    """The port wished for, or any free one when that is taken."""
    for port in (wished, 0):
        with socket.socket() as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                listener.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(listener.getsockname()[1])
    raise AssertionError("no free port")


def wait_until_ready(demo: subprocess.Popen[bytes], port: int, log: Path) -> None:
    """Until a product can be found; a demo that ends meanwhile is not waited for."""
    script = str(ROOT / "scripts" / "smoke_purchase.py")
    command = [sys.executable, script, f"http://127.0.0.1:{port}", "--only-wait", "--ready-seconds", "1"]
    start = time.monotonic()
    while (attempt := subprocess.run(command, capture_output=True, text=True, check=False)).returncode != 0:
        assert demo.poll() is None, f"the demo ended with {demo.returncode}:\n{log.read_text()}"
        assert time.monotonic() - start < READY_SECONDS, f"{attempt.stderr}\n{log.read_text()}"


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, Path]]:
    """The port and the data folder of a running demo; Ctrl-C has to end it with 0."""
    folder = tmp_path_factory.mktemp("demo")
    port, data, log = free_port(PORT), folder / "data", folder / "log"
    command = [sys.executable, "-m", "kontor", "demo", "--port", str(port), "--data", str(data)]
    with log.open("w") as output:
        process = subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
    try:
        wait_until_ready(process, port, log)
        yield port, data
        process.send_signal(signal.SIGINT)
        assert process.wait(END_SECONDS) == 0, log.read_text()
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize("paper", TYPED)
def test_there_are_blocks_to_run(paper: str) -> None:
    assert commands_of(paper).removeprefix(HEAD).strip(), f"no ``sh run`` block in {paper}"


def commands_of(paper: str) -> str:
    return script(text_of(paper))


def test_no_other_paper_has_blocks_that_nobody_runs() -> None:
    assert {paper for paper in PAPERS if commands_of(paper).removeprefix(HEAD).strip()} <= set(TYPED)


@pytest.mark.parametrize("paper", PAPERS)
def test_python_that_a_paper_shows_runs(paper: str) -> None:
    """All of it in one module, so that later blocks go on from earlier ones."""
    source = "\n".join(blocks(text_of(paper), "python run"))
    exec(compile(source, paper, "exec"), {"__name__": "paper"})


@pytest.mark.slow
@pytest.mark.timeout(READY_SECONDS + SCRIPT_SECONDS + END_SECONDS + 30)
@pytest.mark.parametrize("paper", TYPED)
def test_what_a_reader_types_works(demo: tuple[int, Path], tmp_path: Path, paper: str) -> None:
    port, data = demo
    file = tmp_path / "typed.sh"
    file.write_text(re.sub(rf"\b{PORT}\b", str(port), commands_of(paper)), encoding="utf-8")
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "KONTOR_DATA": str(data),
    }
    result = subprocess.run(
        ["bash", str(file)],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=SCRIPT_SECONDS,
    )
    assert result.returncode == 0, f"{result.stderr}\n-- printed before:\n{result.stdout}"


def test_blocks_keep_their_line_numbers_and_share_variables(tmp_path: Path) -> None:
    text = "# Title\n\n```sh run\nname=Ada\n```\n```sh\nexit 7\n```\n~~~sh run\necho $name\n\nfalse\n~~~\n"
    file = tmp_path / "README.sh"
    file.write_text(script(text), encoding="utf-8")
    result = subprocess.run(["bash", str(file)], capture_output=True, text=True, check=False)
    assert (result.returncode, result.stdout) == (1, "Ada\n")
    assert result.stderr == "line 12: failed: false\n"
