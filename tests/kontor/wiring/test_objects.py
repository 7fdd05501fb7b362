"""Where files lie that are no events, by the settings, and what is said of a folder that will not do."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from commands.errors import UnusableLog
from commands.vault import Vault
from kontor.settings import Settings
from kontor.wiring.objects import objects_of
from streams.objects.s3 import S3Objects
from tests.contracts.objects import PNG

KEY = "media/prd_1/pic_1.png"


@pytest.fixture
def vault(tmp_path: Path) -> Iterator[Vault]:
    vault = Vault(tmp_path / "vault.db")
    yield vault
    vault.close()


async def test_beside_the_data_unless_something_is_named(tmp_path: Path, vault: Vault) -> None:
    await objects_of(Settings(data=tmp_path / "data"), vault).put(KEY, PNG, "image/png")
    assert (tmp_path / "data" / "objects" / KEY).read_bytes() == PNG


async def test_processes_with_data_folders_of_their_own_share_the_folder_that_is_named(
    tmp_path: Path, vault: Vault
) -> None:
    shared = tmp_path / "some" / "objects"
    read = objects_of(Settings(data=tmp_path / "read", objects_folder=shared), vault, writes=False)
    assert not shared.exists(), "who only reads makes nothing"
    assert await read.get(KEY, 1_000) is None
    write = objects_of(Settings(data=tmp_path / "write", objects_folder=shared), vault)
    assert shared.stat().st_mode & 0o777 == 0o700
    await write.put(KEY, PNG, "image/png")
    assert await read.get(KEY, 1_000) == PNG


def test_a_bucket_goes_before_a_folder(tmp_path: Path, vault: Vault) -> None:
    given = Settings(
        data=tmp_path, objects_folder=tmp_path / "objects", objects_bucket="b", objects_region="eu-north-1"
    )
    assert isinstance(objects_of(given, vault), S3Objects)
    assert not (tmp_path / "objects").exists()


@pytest.mark.parametrize("writes", [True, False])
def test_a_folder_that_is_none_is_said_at_the_start(tmp_path: Path, vault: Vault, writes: bool) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UnusableLog, match=rf"^KONTOR_OBJECTS_FOLDER: {tmp_path}/file cannot be "):
        objects_of(Settings(objects_folder=tmp_path / "file"), vault, writes=writes)


@pytest.mark.parametrize(("writes", "word"), [(True, "written"), (False, "read")])
def test_a_folder_of_somebody_else_is_said_at_the_start(
    tmp_path: Path, vault: Vault, writes: bool, word: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    def refuse(path: Path, mode: int) -> bool:
        asked.append(mode)
        return False

    monkeypatch.setattr(os, "access", refuse)  # root may do everything, and tests may be root
    with pytest.raises(UnusableLog, match=f"cannot be {word}; check its owner and permissions"):
        objects_of(Settings(objects_folder=tmp_path), vault, writes=writes)
    assert [bool(mode & os.W_OK) for mode in asked] == [writes]
