"""Objects in S3, or in whatever speaks its protocol, through its official client."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any, NamedTuple

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from streams.objects.port import Lying, ObjectsUnavailable, TooLarge, Upload, require_key

CONNECT_S = 3.0
READ_S = 10.0
ATTEMPTS = 3


class Place(NamedTuple):
    bucket: str
    url: str | None = None
    """None for Amazon's own."""
    region: str | None = None
    access_key: str | None = None
    """None for what the machine has: a role, the usual variables or files."""
    secret_key: str | None = None


class S3Objects:
    """The bucket must be there, with a rule of its own that deletes what lies in ``uploads/`` for a day."""

    def __init__(self, place: Place) -> None:
        self._bucket = place.bucket
        self._client: Any = boto3.client(
            "s3",
            endpoint_url=place.url,
            region_name=place.region,
            aws_access_key_id=place.access_key,
            aws_secret_access_key=place.secret_key,
            config=Config(
                connect_timeout=CONNECT_S,
                read_timeout=READ_S,
                retries={"total_max_attempts": ATTEMPTS, "mode": "standard"},
                signature_version="s3v4",
                s3={"addressing_style": "path"} if place.url else {},
            ),
        )

    async def put(self, key: str, body: bytes, media_type: str) -> None:
        await self._call("put_object", Key=require_key(key), Body=body, ContentType=media_type)

    async def get(self, key: str, most: int) -> bytes | None:
        return await asyncio.to_thread(self._get, require_key(key), most)

    async def delete(self, key: str) -> None:
        await self._call("delete_object", Key=require_key(key))

    async def listed(self, prefix: str, most: int) -> list[Lying]:
        found = await self._call("list_objects_v2", Prefix=require_key(prefix), MaxKeys=most)
        now = datetime.now(UTC)
        return [
            Lying(one["Key"], one["Size"], (now - one["LastModified"]).total_seconds())
            for one in found.get("Contents", ())
        ]

    async def upload(self, key: str, media_type: str, most: int, seconds: int) -> Upload:
        signed: dict[str, Any] = await asyncio.to_thread(
            self._client.generate_presigned_post,
            self._bucket,
            require_key(key),
            Fields={"Content-Type": media_type},
            Conditions=[{"Content-Type": media_type}, ["content-length-range", 1, most]],
            ExpiresIn=seconds,
        )
        return Upload("POST", signed["url"], signed["fields"], {})

    async def _call(self, method: str, **arguments: Any) -> Any:
        try:
            return await asyncio.to_thread(getattr(self._client, method), Bucket=self._bucket, **arguments)
        except (BotoCoreError, ClientError) as error:
            raise ObjectsUnavailable(type(error).__name__) from error

    def _get(self, key: str, most: int) -> bytes | None:
        try:
            found = self._client.get_object(Bucket=self._bucket, Key=key)
            with found["Body"] as stream:
                if found["ContentLength"] > most:
                    raise TooLarge
                body: bytes = stream.read()
                return body
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") in ("NoSuchKey", "404"):
                return None
            raise ObjectsUnavailable(type(error).__name__) from error
        except BotoCoreError as error:
            raise ObjectsUnavailable(type(error).__name__) from error
