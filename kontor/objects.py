"""Which store of files there is: S3 where a bucket is named, else a folder beside the data."""

from __future__ import annotations

import hashlib

from commands.vault import Vault
from kontor.folder import DataFolder
from kontor.settings import Settings
from streams.objects.folder import FolderObjects
from streams.objects.port import Objects


def objects_of(settings: Settings, vault: Vault) -> Objects:
    if settings.objects_bucket is None:
        # From a key that is there, so that a vault of before need not learn of another.
        secret = hashlib.blake2b(b"uploads", key=vault.secrets.cursor_key).digest()
        return FolderObjects(DataFolder(settings.data).objects, secret)
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
