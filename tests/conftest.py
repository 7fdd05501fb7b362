"""Fixtures that any test may want. What only one kind of test needs lives beside those tests."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from hypothesis import HealthCheck, settings

pytest.register_assert_rewrite("tests.contracts")  # so that an assertion of theirs says what it compared

from commands import vault_credentials  # noqa: E402  # after that, as is the next
from tests.needed import absent, address  # noqa: E402

ROOT = Path(__file__).resolve().parent.parent

settings.register_profile("dev", deadline=None)
settings.register_profile(
    "ci",
    deadline=None,
    derandomize=True,  # the same examples every time: a red build is red again on a developer's machine
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],  # how fast examples are drawn says something of the machine only
)
settings.register_profile(  # few examples, and the same for every mutant: a mutant is killed by rule, not by luck
    "mutants", deadline=None, derandomize=True, max_examples=25, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE") or ("ci" if os.environ.get("CI") else "dev"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(ROOT / "tests" / "faults"):
            item.add_marker("alone")


@pytest.fixture(scope="session", autouse=True)
def quick_hasher() -> Iterator[PasswordHasher]:
    """Passwords are slow to hash by design, and most tests ask nothing of that. Gives the one that it stands for."""
    real = vault_credentials._HASHER
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(vault_credentials, "_HASHER", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
        yield real


@pytest.fixture
def real_hasher(quick_hasher: PasswordHasher, monkeypatch: pytest.MonkeyPatch) -> None:
    """For tests of hashing itself."""
    monkeypatch.setattr(vault_credentials, "_HASHER", quick_hasher)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data that is not part of the project: ``$KONTOR_SHARED``, else ``../shared/data``."""
    folder = Path(os.environ.get("KONTOR_SHARED") or ROOT.parent / "shared" / "data")
    if not folder.is_dir():
        absent(f"needs the shared data folder, which is not at {folder} (KONTOR_SHARED names another place)")
    return folder


@pytest.fixture
def postgres() -> Iterator[str]:
    """The URL of a schema of its own on a real server, empty, and gone afterwards."""
    with schemas(1) as (url,):
        yield url


@pytest.fixture
def four_servers() -> Iterator[tuple[str, ...]]:
    """The same of four, as if each were another server."""
    with schemas(4) as urls:
        yield urls


@contextmanager
def schemas(count: int) -> Iterator[tuple[str, ...]]:
    url = address("postgres")
    import psycopg

    name = f"kontor_test_{os.getpid()}_{secrets.token_hex(4)}"
    names = [name, *(f"{name}_{number}" for number in range(1, count))]
    begun = f"{url}{'&' if '?' in url else '?'}application_name={name}"
    yield tuple(f"{begun}&options=-csearch_path%3D{schema}" for schema in names)
    with psycopg.connect(url, autocommit=True) as connection:
        for schema in names:
            connection.execute(f"DROP SCHEMA IF EXISTS {schema} CASCADE".encode())


@pytest.fixture
def redis_url() -> str:
    """Of a real server."""
    return address("redis")


@pytest.fixture
def redis_prefix(redis_url: str) -> Iterator[str]:
    """A prefix of its own on that server, whose keys are deleted afterwards."""
    import redis

    prefix = f"test-{os.getpid()}-{secrets.token_hex(4)}"
    yield prefix
    with redis.Redis.from_url(redis_url) as client:
        for key in client.scan_iter(match=f"{prefix}*", count=1000):
            client.unlink(key)
