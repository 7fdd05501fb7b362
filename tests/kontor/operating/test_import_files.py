"""What people hand to ``kontor import``: files of other systems, in folders of other people."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from pathlib import Path

import pytest

from kontor.operating.importfile import UnreadableFile, count_lines, read_lines
from streams.merchantfeeds.rows import DEPTH_MAX, Rejection

MARK = b"\xef\xbb\xbf"


def line(number: int) -> bytes:
    product = {"externalId": f"erp-{number}", "title": f"Bed {number}", "variants": [{"sku": f"BED-{number}"}]}
    return json.dumps(product).encode()


def imported(tmp_path: Path, file: Path, *more: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "kontor", "import", "products", str(file), "--data", str(tmp_path / "data"), *more]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def test_a_mark_of_utf_8_is_no_part_of_the_first_line(tmp_path: Path):
    file = tmp_path / "beds.ndjson"
    file.write_bytes(MARK + line(1) + b"\r\n" + line(2))
    assert [one.data["title"] for one in read_lines(file)] == ["Bed 1", "Bed 2"]
    assert count_lines(file) == 2


def test_other_bytes_and_depths_are_refused_line_by_line(tmp_path: Path):
    file = tmp_path / "beds.ndjson"
    deep = b'{"a":' + b"[" * 100 + b"]" * 100 + b"}"
    endless = b'{"a":' + b"[" * 100_000 + b"}"
    file.write_bytes(b"\n".join((line(1), '{"title": "Café"}'.encode("latin-1"), deep, endless, line(2))))
    found = [one.data for one in read_lines(file)]
    refused = {number: one.reason for number, one in enumerate(found, 1) if isinstance(one, Rejection)}
    assert refused == {
        2: "not UTF-8: the byte 0xe9; write the file in UTF-8",
        3: f"it is nested deeper than {DEPTH_MAX}",
        4: f"it is nested deeper than {DEPTH_MAX}",
    }


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("beds.ndjson.gz", gzip.compress(line(1) * 99)[:-20], "ends in the middle of what was packed"),
        ("beds.ndjson.gz", line(1), "cannot be unpacked"),
        ("beds.json", b"[\n" + line(1) + b"\n]", "one JSON array; write an object a line"),
        ("beds.csv", b"sku,title\n", "feeds take CSV"),
        ("beds.ndjson", line(1).decode().encode("utf-16"), "is in UTF-16; write it in UTF-8"),
    ],
)
def test_what_is_no_ndjson_at_all_is_told_at_once(tmp_path: Path, name: str, content: bytes, said: str):
    file = tmp_path / name
    file.write_bytes(content)
    with pytest.raises(UnreadableFile, match=said):
        count_lines(file)
    ended = imported(tmp_path, file)
    assert (ended.returncode, said in ended.stderr) == (2, True), ended.stderr
    assert not (tmp_path / "data").exists()


def test_a_script_hears_what_came_of_it(tmp_path: Path):
    file, elsewhere = tmp_path / "beds.ndjson", tmp_path / "bad.ndjson"
    file.write_bytes(line(1) + b"\n{}\n")
    ended = imported(tmp_path, file, "--json", "--rejected", str(elsewhere))
    assert ended.returncode == 0, ended.stderr
    report = json.loads(ended.stdout)
    assert (report["lines"], report["taken"], report["rejected"]) == (2, 1, 1)
    assert report["rejectedFile"] == str(elsewhere)
    assert json.loads(elsewhere.read_text())["line"] == 2
    assert not (tmp_path / "beds.rejected.ndjson").exists()


def test_an_import_that_takes_nothing_has_failed(tmp_path: Path):
    file = tmp_path / "beds.ndjson"
    file.write_bytes(b"{}\n{}\n")
    ended = imported(tmp_path, file)
    assert ended.returncode == 1
    assert "0 taken, 2 rejected" in ended.stdout


def test_places_that_are_not_there_are_named(tmp_path: Path):
    file = tmp_path / "beds.ndjson"
    assert imported(tmp_path, file).returncode == 2
    file.write_bytes(line(1))
    ended = imported(tmp_path, file, "--rejected", str(tmp_path / "none" / "bad.ndjson"))
    assert ended.returncode == 1
    assert "cannot be written: No such file or directory; name another place with --rejected" in ended.stderr
    ended = imported(tmp_path, file, "--shop", "BED")
    assert (ended.returncode, "no such shop: BED" in ended.stderr) == (1, True)
