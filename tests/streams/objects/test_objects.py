"""Both stores of files, on their contract: a folder, and S3 as a local server of moto's speaks it."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from streams.objects.folder import UPLOADS, FolderObjects
from streams.objects.port import LEFT_S, ObjectsUnavailable, TooLarge, Upload
from streams.objects.tickets import BadTicket
from tests.contracts.objects import PNG, ObjectsContract, Send

NOW = 1_800_000_000


class Clock:
    def __init__(self) -> None:
        self.now = float(NOW)

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def folder(tmp_path: Path, clock: Clock) -> FolderObjects:
    return FolderObjects(tmp_path / "objects", b"secret", clock)


async def in_chunks(body: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(body), 100):
        yield body[start : start + 100]


class TestFolder(ObjectsContract):
    @pytest.fixture
    def objects(self, folder: FolderObjects) -> FolderObjects:
        return folder

    @pytest.fixture
    def send(self, folder: FolderObjects) -> Send:
        async def sent(upload: Upload, body: bytes) -> bool:
            assert (upload.method, upload.fields) == ("PUT", {})
            ticket = upload.url.removeprefix(UPLOADS)
            try:
                await folder.take(ticket, upload.headers["Content-Type"], in_chunks(body))
            except (BadTicket, TooLarge, TypeError):
                return False
            return True

        return sent

    async def test_an_upload_has_its_time(self, folder: FolderObjects, clock: Clock) -> None:
        upload = await folder.upload("uploads/a", "image/png", 1_000, 600)
        ticket = upload.url.removeprefix(UPLOADS)
        clock.now += 599
        await folder.take(ticket, "image/png", in_chunks(PNG))
        clock.now += 1
        with pytest.raises(BadTicket):
            await folder.take(ticket, "image/png", in_chunks(PNG))

    @pytest.mark.parametrize("ticket", ["", "a", "ä", "=" * 2_000, "AAAA" * 30])
    async def test_what_is_no_ticket_is_refused(self, folder: FolderObjects, ticket: str) -> None:
        with pytest.raises(BadTicket):
            await folder.take(ticket, "image/png", in_chunks(PNG))

    async def test_half_a_file_is_none(self, folder: FolderObjects, tmp_path: Path) -> None:
        async def torn() -> AsyncIterator[bytes]:
            yield PNG
            raise ConnectionError

        upload = await folder.upload("uploads/a", "image/png", 1_000, 600)
        with pytest.raises(ObjectsUnavailable):
            await folder.take(upload.url.removeprefix(UPLOADS), "image/png", torn())
        assert list((tmp_path / "objects" / "uploads").iterdir()) == []

    async def test_uploads_that_nobody_took_up_are_deleted(self, folder: FolderObjects, clock: Clock) -> None:
        await folder.put("uploads/old", PNG, "image/png")
        clock.now = float(LEFT_S) + (folder._folder / "uploads" / "old").stat().st_mtime + 1
        await folder.upload("uploads/new", "image/png", 1_000, 600)
        assert await folder.get("uploads/old", 1_000) is None

    async def test_a_folder_that_cannot_be_written_says_so(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_bytes(b"")
        broken = FolderObjects(tmp_path / "file", b"secret")
        with pytest.raises(ObjectsUnavailable):
            await broken.put("a", PNG, "image/png")
        assert await broken.get("a", 1) is None


@pytest.fixture(scope="module")
def s3_url() -> Iterator[str]:
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


def policy_of(fields: dict[str, str]) -> dict[str, Any]:
    policy: dict[str, Any] = json.loads(base64.b64decode(fields["policy"]))
    return policy


def permitted(fields: dict[str, str], size: int) -> bool:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html"""
    allowed: dict[str, str] = {}
    for condition in policy_of(fields)["conditions"]:
        if isinstance(condition, dict):
            allowed |= condition
        else:
            what, least, most = condition
            assert what == "content-length-range"
            if not least <= size <= most:
                return False
    checked = {name: value for name, value in fields.items() if name not in ("policy", "x-amz-signature")}
    return all(allowed.get(name) == value for name, value in checked.items())


class TestS3(ObjectsContract):
    @pytest.fixture
    def objects(self, s3_url: str, request: pytest.FixtureRequest) -> Iterator[Any]:
        from streams.objects.s3 import Place, S3Objects

        bucket = f"kontor-{abs(hash(request.node.nodeid)) % 10**9}"
        made = S3Objects(Place(bucket, s3_url, "us-east-1", "test", "test"))
        made._client.create_bucket(Bucket=bucket)
        yield made
        made._client.close()

    @pytest.fixture
    def send(self) -> Send:
        async def sent(upload: Upload, body: bytes) -> bool:
            """S3 holds a form to the policy that was signed with it. moto takes any, so that is done here."""
            assert (upload.method, upload.headers) == ("POST", {})
            if not permitted(upload.fields, len(body)):
                return False
            async with httpx.AsyncClient() as http:
                answer = await http.post(upload.url, data=upload.fields, files={"file": ("a.png", body)})
            return answer.is_success

        return sent

    async def test_an_upload_has_its_time(self, objects: Any) -> None:
        upload = await objects.upload("uploads/a", "image/png", 1_000, 600)
        until = datetime.fromisoformat(policy_of(upload.fields)["expiration"])
        assert 590 < (until - datetime.now(UTC)).total_seconds() <= 600

    async def test_a_bucket_that_is_not_there_says_so(self, s3_url: str) -> None:
        from streams.objects.s3 import Place, S3Objects

        nowhere = S3Objects(Place("nowhere", s3_url, "us-east-1", "test", "test"))
        try:
            with pytest.raises(ObjectsUnavailable):
                await nowhere.put("a", PNG, "image/png")
            with pytest.raises(ObjectsUnavailable):
                await nowhere.get("a", 1)
        finally:
            nowhere._client.close()
