"""Command lines of the Java programs: small heaps and a quick start rather than long-run speed."""

from collections.abc import Sequence
from pathlib import Path

from kmon.demo.jars import java, joined

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


def command(
    jars: Sequence[Path],
    main_class: str,
    *args: str,
    heap_mb: int,
    log: Path,
    temporary: Path,
    level: str = "warn",
    options: Sequence[str] = QUICK,
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
        *options,
        *ALWAYS,
        f"-XX:ErrorFile={log}.crash",
        f"-Djava.io.tmpdir={temporary}",
        f"-Dlog4j2.configurationFile={configuration}",
        f"-Dkmon.log={log}",
        f"-Dkmon.level={level}",
        "-cp",
        joined(tuple(jars)),
        main_class,
        *args,
    ]
