"""What the files of the full profile's containers say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if service["image"].startswith("kontor:")}


def mounts(name: str) -> dict[str, tuple[str, bool]]:
    """By the folder in the container: the volume, and whether it can be written."""
    parts = [volume.split(":") for volume in SERVICES[name].get("volumes", ())]
    return {target: (source, "ro" not in mode) for source, target, *mode in parts}
