"""docker-compose.yml, held to what it promises; there is no Docker engine here to run it with."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import pytest
from typer.main import get_command

from kontor.cli import app
from kontor.settings import Settings
from tests.deploy.composed import COMPOSE, OURS, ROOT, SERVICES, mounts


def test_every_process_of_the_full_profile_is_there():
    assert {tuple(service["command"][:2]) for service in OURS.values()} >= {
        ("serve", "write"), ("serve", "read"), ("relay",), ("work", "--projection"), ("gateway",),
    }  # fmt: skip


@pytest.mark.parametrize("name", SERVICES)
def test_each_is_watched_bounded_and_restarted(name: str):
    service = SERVICES[name]
    assert service["healthcheck"]["test"][0] in ("CMD", "CMD-SHELL")
    assert service["deploy"]["resources"]["limits"].keys() == {"cpus", "memory"}
    assert service["restart"] == "unless-stopped"
    assert ":" in service["image"], "a version is named"
    assert not service["image"].endswith(":latest")


@pytest.mark.parametrize("name", SERVICES)
def test_each_waits_for_what_answers(name: str):
    for other, how in SERVICES[name].get("depends_on", {}).items():
        assert other in SERVICES
        assert how == {"condition": "service_healthy"}


@pytest.mark.parametrize("name", SERVICES)
def test_what_is_to_last_has_a_volume(name: str):
    for volume in SERVICES[name].get("volumes", ()):
        source = volume.partition(":")[0]
        assert (ROOT / source).exists() if source.startswith("./") else source in COMPOSE["volumes"]


@pytest.mark.parametrize("name", OURS)
def test_ours_may_do_nothing_but_their_work(name: str):
    service = OURS[name]
    assert (service["user"], service["read_only"], service["cap_drop"]) == ("10001", True, ["ALL"])
    assert service["security_opt"] == ["no-new-privileges:true"]


@pytest.mark.parametrize("name", OURS)
def test_ours_are_started_as_the_command_line_understands(name: str):
    command = OURS[name]["command"]
    group: Any = get_command(app)
    context = group.make_context("kontor", list(command), resilient_parsing=True)
    found, subcommand, arguments = group.resolve_command(context, list(command))
    assert subcommand is not None, found
    subcommand.make_context(found, list(arguments))


@pytest.mark.parametrize("name", OURS)
def test_ours_get_settings_that_exist(name: str):
    # As compose fills them in where nothing is set.
    default = re.compile(r"\$\{\w+:-([^}]*)\}")
    environment = {key: default.sub(r"\1", value) for key, value in OURS[name]["environment"].items()}
    environment.pop("FORWARDED_ALLOW_IPS", None)  # the HTTP server's own
    given = {key.removeprefix("KONTOR_").lower(): value for key, value in environment.items()}
    assert given.keys() <= Settings.model_fields.keys()
    Settings(**given)


def test_pictures_and_rejected_rows_are_shared_by_those_who_have_to_do_with_them():
    folders = {name: service["environment"].get("KONTOR_OBJECTS_FOLDER") for name, service in OURS.items()}
    sharing = {name: folder for name, folder in folders.items() if folder is not None}
    assert sharing == dict.fromkeys(("write", "read", "processes"), "/objects")
    found = {name: mounts(name)["/objects"] for name in sharing}
    assert found == {"write": ("objects", True), "read": ("objects", False), "processes": ("objects", True)}


def test_nothing_else_is_shared():
    """Notes of processes and the payment provider's records are of one process each."""
    used = Counter(source for name in SERVICES for source, _ in mounts(name).values())
    assert used.keys() >= COMPOSE["volumes"].keys(), "none is left over"
    assert [source for source, number in used.items() if number > 1] == ["objects"]


def test_a_new_volume_of_objects_belongs_to_whom_the_image_runs_as():
    """Docker gives it the owner of what the image has there; else it is root's, and we are not."""
    lines = (ROOT / "Dockerfile").read_text()
    made = lines.index("install -d -o kontor -g kontor -m 700 /objects")
    assert lines.rindex("FROM ") < lines.index("useradd --uid 10001 ") < made < lines.index("USER kontor")
    assert all(service["user"] == "10001" for service in OURS.values())


def test_only_the_front_and_grafana_can_be_reached_from_outside():
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert published.keys() == {"front", "write", "read", "grafana"}
    here = {name for name, ports in published.items() if all(port.startswith("127.0.0.1:") for port in ports)}
    assert here == {"write", "read", "grafana"}, "the first two believe what is said of whose address it is"


def test_the_payment_provider_is_a_stranger_who_shares_one_secret():
    ours, theirs = OURS["processes"]["environment"], OURS["gateway"]["environment"]
    assert ours.keys() & theirs.keys() == {"KONTOR_HOST", "KONTOR_PROVIDER_SECRET"}
    secrets = {service["environment"]["KONTOR_PROVIDER_SECRET"] for service in OURS.values()}
    assert len(secrets) == 1
    assert OURS["gateway"]["volumes"] == ["provider:/data"]


def test_the_log_and_what_can_be_forgotten_lie_apart():
    given = OURS["write"]["environment"]
    host = re.compile(r"@([^:/]+)")
    assert host.search(given["KONTOR_POSTGRES_URL"])[1] != host.search(given["KONTOR_VAULT_URL"])[1]  # type: ignore[index]


def test_the_image_runs_as_nobody_and_installs_what_is_locked():
    lines = (ROOT / "Dockerfile").read_text()
    assert lines.count("FROM ") == 2
    assert "--require-hashes -r requirements-full.lock" in lines
    assert lines.index("USER kontor") > lines.rindex("COPY")
