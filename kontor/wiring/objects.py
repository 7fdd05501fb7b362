"""Which store of files there is: S3 where a bucket is named, else a folder, which lies beside the data by itself."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from commands.errors import UnusableLog
from commands.vault import Vault
from kontor.folder import DataFolder
from kontor.settings import Settings
from streams.objects.folder import FolderObjects
from streams.objects.port import Objects


def objects_of(settings: Settings, vault: Vault, *, writes: bool = True) -> Objects:
    """Who only reads may have a folder that others fill. Raises UnusableLog where the folder that is named will not
    do."""
    if settings.objects_bucket is None:
        # From a key that is there, so that a vault of before need not learn of another.
        secret = hashlib.blake2b(b"uploads", key=vault.secrets.cursor_key).digest()
        return FolderObjects(_folder(settings, writes), secret)
    from streams.objects.s3 import Place, S3Objects

    return S3Objects(
        Place(
            settings.objects_bucket,
            settings.objects_url,
            settings.objects_region,
            settings.objects_access_key,
            settings.objects_secret_key,
        )
    )


def _folder(settings: Settings, writes: bool) -> Path:
    """One that is named is looked at when a process starts: an operator mounts it, and should not hear from the first
    merchant that it belongs to somebody else."""
    folder = settings.objects_folder
    if folder is None:
        return DataFolder(settings.data).objects
    if writes:
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise UnusableLog(f"KONTOR_OBJECTS_FOLDER: {folder} cannot be made: {error.strerror}") from error
    if folder.exists():  # a reader may come before the first writer
        wanted = os.R_OK | os.X_OK | (os.W_OK if writes else 0)
        if not folder.is_dir() or not os.access(folder, wanted):
            word = "written" if writes else "read"
            raise UnusableLog(f"KONTOR_OBJECTS_FOLDER: {folder} cannot be {word}; check its owner and permissions")
    return folder
