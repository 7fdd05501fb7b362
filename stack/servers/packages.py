"""Debian packages that the servers need: installed when we may, named when we may not."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence

from .server import Server
from .settings import Failure

# A package that brings a server would start it, on the standard port and at every boot. While policy-rc.d is there,
# packages start nothing.
INSTALL = """
set -eu
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
    trap 'rm -f "$policy"' EXIT
    printf '#!/bin/sh\\nexit 101\\n' >"$policy"
    chmod 755 "$policy"
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq -o Acquire::Retries=3
apt-get install -y -qq -o Acquire::Retries=3 --no-install-recommends -o DPkg::Lock::Timeout=300 "$@"
"""


def ensure(servers: Sequence[Server]) -> None:
    """Installs what the servers are missing, or says with which command a person can."""
    missing = _missing(servers)
    if not missing:
        return
    by_hand = f"apt-get update && apt-get install {' '.join(missing)}"
    become_root = _become_root()
    if become_root is None:
        raise Failure(f"Debian packages are missing: {' '.join(missing)}", advice=f"as root: {by_hand}")
    print(f"installing Debian packages: {' '.join(missing)}", flush=True)
    done = subprocess.run(
        [*become_root, "sh", "-c", INSTALL, "sh", *missing],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode != 0 or _missing(servers):
        said = "\n".join(done.stdout.strip().splitlines()[-15:])
        raise Failure(f"apt-get could not install {' '.join(missing)}", said=said, advice=f"as root: {by_hand}")


def _missing(servers: Sequence[Server]) -> list[str]:
    return sorted(set().union(*(server.missing_packages() for server in servers)))


def _become_root() -> list[str] | None:
    """What to put before a command that needs root; ``None`` when there is no way, or no apt-get to use it for."""
    if not shutil.which("apt-get"):
        return None
    if os.geteuid() == 0:
        return []
    sudo = ["sudo", "-n"]
    allowed = shutil.which("sudo") and subprocess.run([*sudo, "true"], capture_output=True, check=False).returncode == 0
    return sudo if allowed else None
