"""`kontor status` and `kontor config`: how things stand, told without touching them."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from commands.store.sqlite import SQLiteLog
from domain.inventory.inventory import StockAdjusted
from kontor.folder import DataFolder
from kontor.operating.status import config_of, status_of
from kontor.settings import BadSettings, Settings, load
from kontor.wiring.embedded import PROJECTIONS
from projections.search.tantivy_index import TantivyIndex
from projections.sqlite import SQLiteViews
from tests.kontor.conftest import HOT, plant

ROOT = Path(__file__).resolve().parents[3]


def listing(folder: DataFolder) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.path.rglob("*") if path.is_file()}


def test_it_tells_where_everybody_stands(folder):
    before = listing(folder)
    status = status_of(folder)
    head = status["head"]
    assert head == sum(status["events"].values()) > 250
    assert status["events"]["inventory"] > 200
    assert status["projections"] == {one.name: {"position": head, "lag": 0, "seconds": 0.0} for one in PROJECTIONS}
    assert status["search"] == {"position": None, "lag": None, "seconds": None}
    assert status["parked"] == []
    assert status["queues"] == {"checkouts": 1, "callbacks": None}, "one cancelled order awaits the provider's answer"
    assert status["files"]["log.db"] == folder.log.stat().st_size
    assert listing(folder) == before


def test_lag_is_told(folder):
    with sqlite3.connect(folder.log) as connection:
        head = plant(connection, HOT, StockAdjusted(1))
    connection.close()
    status = status_of(folder)
    assert status["head"] == head
    stock = status["projections"]["stock"]
    assert (stock["position"], stock["lag"]) == (head - 1, 1)
    assert stock["seconds"] > 0


def test_parked_events_are_told(folder):
    with sqlite3.connect(folder.views) as connection:
        connection.execute("INSERT INTO parked VALUES ('stock', 7, ?, 'ValueError()')", (HOT,))
    connection.close()
    parked = {"projection": "stock", "position": 7, "stream": HOT, "error": "ValueError()"}
    assert status_of(folder)["parked"] == [parked]


@pytest.mark.parametrize("damage", [lambda path: path.unlink(), lambda path: path.write_bytes(b"rubbish" * 999)])
def test_views_that_are_missing_or_damaged_are_not_built_yet(folder, damage):
    damage(folder.views)
    status = status_of(folder)
    assert {at["lag"] for at in status["projections"].values()} == {None}


def test_the_index_is_read_and_its_lock_left_alone(folder):
    index = TantivyIndex(folder.search)
    assert index.try_writer()
    index.apply([], [])
    index.commit(5)
    status = status_of(folder)
    assert (status["search"]["position"], status["search"]["lag"]) == (5, status["head"] - 5)
    assert status["search"]["seconds"] >= 0
    assert index.try_writer()
    index.close()


async def test_it_works_beside_a_running_service(folder):
    log, views = SQLiteLog.open(folder.log), SQLiteViews(folder.views, PROJECTIONS)
    opened = await log.begin()
    assert status_of(folder)["projections"]["stock"]["lag"] == 0
    await opened.rollback()
    views.close()
    await log.close()


def kontor(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "kontor", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)


def test_the_command(folder):
    completed = kontor("status", "--data", str(folder.path))
    assert completed.returncode == 0
    assert "catalog" in completed.stdout
    assert "not built yet" in completed.stdout, "the search index"
    answer = json.loads(kontor("status", "--data", str(folder.path), "--json").stdout)
    assert answer["head"] == status_of(folder)["head"]


# settings


def test_settings_tell_their_value_and_source(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "kontor.toml").write_text("workers = 3\nport = 7000\n")
    monkeypatch.setenv("KONTOR_PORT", "7001")
    known = config_of(load(data=Path("elsewhere")))
    assert known["data"] == {"value": "elsewhere", "source": "command line"}
    assert known["port"] == {"value": 7001, "source": "environment"}
    assert known["workers"] == {"value": 3, "source": "kontor.toml"}
    assert known["host"] == {"value": "127.0.0.1", "source": "default"}
    assert known["access_token_ttl"]["value"] == 900, "a number is no secret"


def test_secrets_are_masked(tmp_path, monkeypatch):
    class WithSecrets(Settings):
        stripe_api_key: str = "sk_live_1"
        db_password: str | None = None
        webhook_secret: str = "whsec_1"

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("kontor.operating.status.load", WithSecrets)
    known = config_of(WithSecrets())
    assert known["stripe_api_key"]["value"] == known["webhook_secret"]["value"] == "***"
    assert known["db_password"]["value"] is None


def test_the_url_of_a_server_is_masked(monkeypatch):
    monkeypatch.setenv("KONTOR_POSTGRES_URL", "postgresql://app:s3cr3t@db/kontor")
    settings = load()
    assert config_of(settings)["postgres_url"] == {"value": "***", "source": "environment"}
    assert "s3cr3t" not in repr(settings)


def test_the_config_command():
    completed = kontor("config", "--json")
    assert (completed.returncode, json.loads(completed.stdout)["profile"]["value"]) == (0, "embedded")
    assert 'profile = "embedded"' in kontor("config").stdout


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("prot = 8000", "prot: there is no such setting; is port meant?"),
        ('port = "many"', "(KONTOR_PORT, or port in kontor.toml)"),
        ('redis_url = "redis://ada:s3/same@db.example:6379/0"', "redis_url: a server is named as"),
        ('elasticsearch_url = "http://ada:12/same@db.example:9200"', "elasticsearch_url: a server is named as"),
        ('smtp_url = "smtp://mail.example"', "with smtp_url, mail_from names the sender"),
    ],
)
def test_a_setting_that_cannot_be_is_named_with_its_place(
    line: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("kontor.toml").write_text(line)
    with pytest.raises(BadSettings) as refused:
        load()
    assert said in str(refused.value)
    assert "Value error" not in str(refused.value)
    assert "same" not in str(refused.value)
