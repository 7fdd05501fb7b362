"""What the three servers on the JVM have in common: Java 17, jars fetched with Maven, bounded memory, a quick start."""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import time
from abc import abstractmethod
from contextlib import suppress
from pathlib import Path

from . import settings
from .server import Server
from .settings import Failure

JAVA_VERSION = "17"
"""Cassandra 5.0 runs on 11 and 17 only."""

PAUSES_S = (5, 20)
"""Between attempts to fetch the jars."""

STALLED_MS = 60_000
"""How long a download may stand still. Maven 3.8 reads it by one name and 3.9 by another."""

COMMON = (
    "-XX:+UseSerialGC",  # the smallest in memory, and on two cores no slower than the others
    "-XX:+ExitOnOutOfMemoryError",
    "-XX:-UsePerfData",
    "-Djava.awt.headless=true",
    "-Djava.net.preferIPv4Stack=true",
)

QUICK = "-XX:TieredStopAtLevel=1"


def java_version(home: Path) -> str:
    """``17.0.15`` from the file ``release`` that every JDK has; empty when this is none."""
    with suppress(OSError):
        if found := re.search(r'^JAVA_VERSION="([^"]+)"', (home / "release").read_text(), re.MULTILINE):
            return found[1]
    return ""


def java_home() -> Path | None:
    """A JDK of the right version: $JAVA_HOME, Debian's, or the one on the path."""
    on_path = shutil.which("java")
    candidates = [
        *([Path(os.environ["JAVA_HOME"])] if os.environ.get("JAVA_HOME") else []),
        *sorted(Path("/usr/lib/jvm").glob(f"java-{JAVA_VERSION}-openjdk-*")),
        *([Path(on_path).resolve().parent.parent] if on_path else []),
    ]
    for home in candidates:
        if (home / "bin" / "javac").exists() and java_version(home).split(".")[0] == JAVA_VERSION:
            return home
    return None


class JavaServer(Server):
    """Its jars are those that ``stack/<name>/pom.xml`` names, copied into the cache once."""

    main_class: str
    heap: str
    options: tuple[str, ...] = ()

    @property
    def sources(self) -> Path:
        return settings.STACK / self.name

    @property
    def home(self) -> Path:
        """The folder in the cache: another one whenever the sources change."""
        digest = hashlib.sha256()
        for path in sorted([self.sources / "pom.xml", *self.sources.rglob("*.java")]):
            digest.update(path.read_bytes())
        return settings.cache() / f"{self.name}-{digest.hexdigest()[:12]}"

    @property
    def temporary(self) -> Path:
        return self.data / "tmp"

    def missing_packages(self) -> set[str]:
        missing = set() if java_home() else {"openjdk-17-jdk-headless"}
        return missing if self.home.exists() or shutil.which("mvn") else {*missing, "maven"}

    def tool(self, name: str) -> str:
        home = java_home()
        assert home, "installed before"
        return str(home / "bin" / name)

    def prepare(self) -> None:
        if not self.home.exists():
            self._install()
        shutil.rmtree(self.temporary, ignore_errors=True)
        self.temporary.mkdir()

    def _install(self) -> None:
        """Fetched beside its place and moved there when complete; checkouts that share the cache take turns."""
        try:
            settings.cache().mkdir(parents=True, exist_ok=True)
            lock = self.home.with_name(f"{self.home.name}.lock").open("w")
        except OSError as error:
            raise Failure(
                f"cannot write {error.filename}: {error.strerror}", advice="set KONTOR_STACK_CACHE"
            ) from error
        with lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if self.home.exists():
                return
            print(f"{self.name:14} fetching its jars into {self.home}", flush=True)
            new = self.home.with_name(f"{self.home.name}.new")
            repository = self.home.with_name(f"{self.home.name}.maven")
            shutil.rmtree(new, ignore_errors=True)
            self.fetch(new / "lib", repository)
            self.build(new)
            new.rename(self.home)
            shutil.rmtree(repository, ignore_errors=True)

    def fetch(self, lib: Path, repository: Path) -> None:
        """Copies the jars to ``lib``. Tries again what failed: networks do at times, and what came already is kept."""
        for pause in PAUSES_S:
            try:
                return self._copy(lib, repository)
            except Failure as failure:
                print(f"{self.name:14} {failure.problem}; once more in {pause} s", flush=True)
                time.sleep(pause)
        return self._copy(lib, repository)

    def _copy(self, lib: Path, repository: Path) -> None:
        """A repository for each server: Maven does not expect two of itself in one. It stays until all is fetched.

        -C refuses a file whose checksum is wrong, -U forgets a failure of an earlier run.
        """
        self.run(
            [
                *("mvn", "-B", "-q", "-C", "-U", "-Dstyle.color=never", f"-Dmaven.repo.local={repository}"),
                *(f"-D{name}={STALLED_MS}" for name in ("maven.wagon.rto", "aether.connector.requestTimeout")),
                *("-f", str(self.sources / "pom.xml"), "dependency:copy-dependencies"),
                *("-DincludeScope=runtime", f"-DoutputDirectory={lib}"),
            ],
            "maven could not fetch its jars",
            advice=f"run stack/up {self.name} again when maven's repository can be reached",
            JAVA_HOME=str(java_home()),
        )

    def build(self, home: Path) -> None:
        """Whatever else has to be made from the jars before the server can run."""

    @property
    def _archive(self) -> Path:
        home = java_home()
        return self.home / f"classes-{java_version(home) if home else ''}.jsa"

    def command(self) -> list[str]:
        """The first process to end in good order leaves its parsed classes, and all later ones start from them."""
        archive = (
            [f"-XX:SharedArchiveFile={self._archive}"]
            if self._archive.exists()
            else [f"-XX:ArchiveClassesAtExit={self.data / 'classes.jsa'}"]
        )
        quick = [QUICK] if settings.compiler() == "quick" else []
        return [
            *(self.tool("java"), *COMMON, *quick, f"-Xms{self.heap}", f"-Xmx{self.heap}", *self.options),
            *(*archive, "-Xlog:cds=off", "-Xlog:cds+dynamic=off"),
            *(f"-Djava.io.tmpdir={self.temporary}", f"-Djna.tmpdir={self.temporary}", *self.properties()),
            *("-cp", str(self.home / "lib" / "*"), self.main_class, *self.arguments()),
        ]

    def properties(self) -> list[str]:
        """System properties that depend on folders and ports."""
        return []

    @abstractmethod
    def arguments(self) -> list[str]:
        """What follows the main class."""

    def stopped(self) -> None:
        """Keeps the class archive if one was written: whole, since the process ended by itself."""
        written = self.data / "classes.jsa"
        with suppress(OSError):  # a cache that is not ours to write, or full: only starts are slower
            if written.exists() and not self._archive.exists():
                part = self._archive.with_suffix(f".{os.getpid()}")
                shutil.move(written, part)
                part.rename(self._archive)
        written.unlink(missing_ok=True)
