"""Prometheus asks where somebody answers, Grafana finds what it is told to show, and it shows what processes tell."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from kontor.replay.gauges import Gauges
from kontor.serving.running import PORTS, measured
from kontor.watching.metrics import LogMetrics
from readapi.edge.state import EdgeState
from tests.deploy.boards import DASHBOARDS, PANELS, SELECTOR, SHOWN
from tests.deploy.composed import OURS, ROOT, SERVICES, mounts
from tests.e2e.house import in_process
from tests.e2e.market import open_shop
from tests.e2e.shopper import sign_up

PROVISIONED = ROOT / "deploy/grafana/provisioning"
MATCHER = re.compile(r'(\w+)(=~|!~|!=|=)"([^"]*)"')
BY = re.compile(r"\bby \(([^)]*)\)")
LEGEND = re.compile(r"\{\{(\w+)\}\}")
OF_PROMETHEUS = {"instance", "job"}
Samples = dict[str, list[dict[str, str]]]
"""The labels of each sample, by the sample's name."""


def provisioned(what: str) -> list[dict[str, Any]]:
    """Of all files of the folder that Grafana reads for it."""
    files = [yaml.safe_load(path.read_text()) for path in (PROVISIONED / what).iterdir()]
    return [one for file in files for one in file["providers" if what == "dashboards" else what]]


def checked_at(name: str) -> str:
    """``host:port`` of a service whose health check asks it over HTTP."""
    found = re.search(r"http://127\.0\.0\.1:(\d+)/", " ".join(SERVICES[name]["healthcheck"]["test"]))
    assert found is not None, name
    return f"{name}:{found[1]}"


def in_project(target: str, name: str) -> Path:
    """What a path of a container is here, where its folder is mounted."""
    [(folder, source)] = [
        (folder, source) for folder, (source, _) in mounts(name).items() if f"{target}/".startswith(f"{folder}/")
        and source.startswith("./")
    ]  # fmt: skip
    return ROOT / source / target.removeprefix(folder).lstrip("/")


# Prometheus


def test_it_asks_each_process_of_ours_where_it_answers() -> None:
    asked = Counter(
        (name, found["port"])
        for job in yaml.safe_load((ROOT / "deploy/prometheus.yml").read_text())["scrape_configs"]
        for found in job["dns_sd_configs"]
        for name in found["names"]
    )
    listening = {"write": PORTS["write"], "read": PORTS["read"], "gateway": PORTS["gateway"]}
    expected = {
        name: listening.get(name, int(OURS[name]["environment"].get("KONTOR_METRICS_PORT", 0))) for name in OURS
    }
    assert asked == Counter(expected.items())
    assert {f"{name}:{port}" for name, port in asked} == {checked_at(name) for name in OURS}


def test_names_are_looked_up_as_a_service_with_several_containers_has_them() -> None:
    jobs = yaml.safe_load((ROOT / "deploy/prometheus.yml").read_text())["scrape_configs"]
    assert len({job["job_name"] for job in jobs}) == len(jobs)
    assert {found["type"] for job in jobs for found in job["dns_sd_configs"]} == {"A"}


def test_its_file_is_mounted_where_it_looks() -> None:
    [option] = [part for part in SERVICES["prometheus"]["command"] if part.startswith("--config.file=")]
    assert in_project(option.partition("=")[2], "prometheus").read_text().startswith("global:")


# Grafana


def test_it_asks_the_prometheus_that_is_there() -> None:
    [source] = provisioned("datasources")
    assert (source["type"], source["url"]) == ("prometheus", f"http://{checked_at('prometheus')}")
    assert SERVICES["grafana"]["depends_on"].keys() == {"prometheus"}


def test_what_is_provisioned_is_mounted_where_it_looks() -> None:
    assert in_project("/etc/grafana/provisioning", "grafana") == PROVISIONED
    assert {path.name for path in PROVISIONED.iterdir()} == {"dashboards", "datasources"}
    [provider] = provisioned("dashboards")
    assert set(in_project(provider["options"]["path"], "grafana").glob("*.json")) == DASHBOARDS.keys() != set()
    home = SERVICES["grafana"]["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
    assert in_project(home, "grafana") in DASHBOARDS


def test_panels_ask_a_source_that_is_provisioned() -> None:
    known = {(source["type"], source["uid"]) for source in provisioned("datasources")}
    asking = [panel for panel in PANELS if panel["type"] != "row"]
    assert {(panel["datasource"]["type"], panel["datasource"]["uid"]) for panel in asking} == known
    assert all(panel["targets"] for panel in asking)


@pytest.mark.parametrize("dashboard", DASHBOARDS.values(), ids=lambda dashboard: dashboard["uid"])
def test_no_panel_lies_upon_another(dashboard: dict[str, Any]) -> None:
    panels = dashboard["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    taken = Counter(
        (x, y)
        for panel in panels
        for at in (panel["gridPos"],)
        for x in range(at["x"], at["x"] + at["w"])
        for y in range(at["y"], at["y"] + at["h"])
    )
    assert max(taken.values()) == 1
    assert max(x for x, _ in taken) < 24, "so wide is a page"


# what is shown


@pytest.fixture
async def exported(tmp_path: Path) -> Samples:
    """By a process in which everything has happened that makes a metric."""
    async with in_process(tmp_path) as house, measured(house.app, house.services):
        seller, shopper = await open_shop(house.http), await (await sign_up(house.http)).move_in()
        await shopper.add(await seller.sells())
        await shopper.buy()
        edge: EdgeState = house.app.state.edge
        for status in (429, 503):
            edge.metrics.observe("GET", "/api/products", status, 0.001)

        async def parked() -> list[str]:
            return ["orders"]

        worker = CollectorRegistry()
        log = LogMetrics(worker, house.services.log, {"views": house.services.follower}, [parked])
        await log.refresh(house.services.clock())
        Gauges(worker).folding("stock", dict.fromkeys(("position", "upto", "events_per_s", "rows_per_s", "left_s"), 1))
        page = (await house.http.get("/metrics")).text
    found: Samples = defaultdict(list)
    for text in (page, generate_latest(worker).decode()):
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                found[sample.name].append(sample.labels)
    return found


def complaints(expr: str, legend: str, exported: Samples) -> list[str]:
    """About names and labels that nobody tells, and values that a label never has."""
    found, labels = [], set()
    for name, selector in SELECTOR.findall(expr):
        samples = exported.get(name, [])
        if not samples:
            found.append(f"no {name}")
            continue
        labels |= samples[0].keys()
        for label, how, value in MATCHER.findall(selector):
            wanted = value.split("|") if how.endswith("~") else [re.escape(value)]
            values = {sample.get(label, "") for sample in samples}
            found += [
                f"{name} never has {label}={one}" for one in wanted if not any(re.fullmatch(one, has) for has in values)
            ]
    grouped = {label.strip() for some in BY.findall(expr) for label in some.split(",")}
    found += [f"no label {label}" for label in sorted(grouped - labels)]
    kept = grouped if grouped else labels | OF_PROMETHEUS
    return found + [f"no label {label} in the legend" for label in LEGEND.findall(legend) if label not in kept]


async def test_everything_shown_is_told(exported: Samples) -> None:
    assert len(SHOWN) > 15
    said = {
        (title, target["expr"]): complaints(target["expr"], target["legendFormat"], exported) for title, target in SHOWN
    }
    assert {where: what for where, what in said.items() if what} == {}


@pytest.mark.parametrize(
    ("expr", "legend", "said"),
    [
        ("rate(kontor_order_total[1m])", "", ["no kontor_order_total"]),
        ("rate(kontor_orders[1m])", "", ["no kontor_orders"]),
        ('kontor_orders_total{step="bought"}', "", ["kontor_orders_total never has step=bought"]),
        ('kontor_orders_total{steps="paid"}', "", ["kontor_orders_total never has steps=paid"]),
        ('kontor_payments_total{outcome=~"captured|taken"}', "", ["kontor_payments_total never has outcome=taken"]),
        ("sum by (shop) (kontor_orders_total)", "", ["no label shop"]),
        ("sum by (step) (kontor_orders_total)", "{{outcome}}", ["no label outcome in the legend"]),
        ('sum by (step) (kontor_orders_total{step="paid"})', "{{step}}", []),
    ],
)
async def test_what_nobody_tells_is_found(exported: Samples, expr: str, legend: str, said: list[str]) -> None:
    assert complaints(expr, legend, exported) == said


@pytest.mark.parametrize(("title", "names"), [("Commands and events a second", {"kontor_commands", "kontor_events"})])
def test_a_panel_shows_what_it_is_called(title: str, names: set[str]) -> None:
    shown = {name for panel, target in SHOWN if panel == title for name, _ in SELECTOR.findall(target["expr"])}
    assert {name.removesuffix("_total") for name in shown} == names
