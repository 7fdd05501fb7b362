"""What the dashboards and the alerts ask for."""

from __future__ import annotations

import json
import re

from tests.deploy.composed import ROOT

DASHBOARDS = {path: json.loads(path.read_text()) for path in (ROOT / "deploy/grafana/dashboards").glob("*.json")}
PANELS = [panel for dashboard in DASHBOARDS.values() for panel in dashboard["panels"]]
SHOWN = [(panel["title"], target) for panel in PANELS for target in panel.get("targets", ())]
SELECTOR = re.compile(r"(kontor_\w+)(?:\{([^}]*)\})?")
