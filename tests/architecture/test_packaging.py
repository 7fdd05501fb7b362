"""What is shipped: the seven packages with everything in them, and nothing else."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tests.architecture.sources import PACKAGES, ROOT


def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def locked(name: str) -> dict[str, str]:
    text = (ROOT / name).read_text(encoding="utf-8")
    return dict(re.findall(r"^([a-z0-9.-]+)==(\S+)", text, re.MULTILINE))


def canonical(requirement: str) -> str:
    name = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert name, requirement
    return re.sub(r"[-_.]+", "-", name[0]).lower()


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=110)
    assert result.returncode == 0, result.stdout + result.stderr
    [built] = folder.glob("*.whl")
    return zipfile.ZipFile(built)


@pytest.mark.slow
def test_the_wheel_holds_exactly_the_packages(wheel: zipfile.ZipFile) -> None:
    tops = {name.split("/")[0] for name in wheel.namelist()}
    info = {top for top in tops if top.endswith(".dist-info")}
    assert len(info) == 1
    assert tops - info == set(PACKAGES)


@pytest.mark.slow
def test_the_wheel_holds_every_file_of_the_packages(wheel: zipfile.ZipFile) -> None:
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--", *PACKAGES], cwd=ROOT, capture_output=True, text=True, check=True
    )
    tracked = {name for name in listing.stdout.split("\0") if name and (ROOT / name).exists()}
    assert tracked
    assert sorted(tracked - set(wheel.namelist())) == []


@pytest.mark.slow
def test_the_wheel_brings_the_command(wheel: zipfile.ZipFile) -> None:
    [entries] = [name for name in wheel.namelist() if name.endswith(".dist-info/entry_points.txt")]
    assert "kontor = kontor.entry:main" in wheel.read(entries).decode()


def test_the_packages_in_use_are_ours() -> None:
    """Names like ``commands`` are common: another distribution may have overwritten ours without a word."""
    for package in PACKAGES:
        assert Path(__import__(package).__file__ or "").resolve().parent == ROOT / package


def test_the_embedded_profile_imports_nothing_of_the_full_one() -> None:
    """Who installs without the extra has none of these."""
    full = "aiokafka cassandra elasticsearch elastic_transport faust opentelemetry.sdk psycopg redis tenacity"
    imported = "kontor.cli, kontor.wiring.embedded"
    script = f"import sys; sys.modules.update(dict.fromkeys({full!r}.split())); import {imported}"
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr


def test_every_dependency_is_locked() -> None:
    settings = project()
    runtime = {canonical(line) for line in settings["project"]["dependencies"]}
    development = {canonical(line) for line in settings["dependency-groups"]["dev"]}
    build = {canonical(line) for line in settings["build-system"]["requires"]}
    assert sorted(runtime - set(locked("requirements.lock"))) == [], "run: make lock"
    assert sorted((runtime | development | build) - set(locked("requirements-dev.lock"))) == [], "run: make lock"


def test_tests_run_on_the_versions_that_are_shipped() -> None:
    development = locked("requirements-dev.lock")
    assert {
        name: version for name, version in locked("requirements.lock").items() if development[name] != version
    } == {}


def test_lock_files_pin_by_hash_and_name_no_host() -> None:
    for name in ("requirements.lock", "requirements-dev.lock"):
        lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
        pins = [number for number, line in enumerate(lines) if "==" in line and not line.lstrip().startswith("#")]
        assert pins
        assert [lines[number] for number in pins if "--hash=" not in lines[number + 1]] == []
        assert [line for line in lines if "://" in line] == []
