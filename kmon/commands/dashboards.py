"""kmon dashboards: writes dashboards over kmon's metrics for Grafana."""

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from kmon.cli import BAD_USAGE
from monitor.model.text import visible

UNWRITTEN = 1
"""Exit code when the dashboards cannot be written."""
MISSING = (
    "kmon dashboards export needs grafana-foundation-sdk, which is not installed: pip install 'kmon-kafka[grafana]'."
    " The dashboards are in deploy/grafana of kmon's repository too"
)


def run(args: argparse.Namespace) -> int:
    """0, 1 when the directory cannot be written, or 2 for a wrong URL and without grafana-foundation-sdk."""
    if args.kmon_url is not None and not _is_url(args.kmon_url):
        return _failed(f"--kmon-url {args.kmon_url}: not a URL such as https://kmon.example.com", BAD_USAGE)
    try:
        from dashboards.grafana import KMON_URL, exported  # noqa: PLC0415 - an extra
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "grafana_foundation_sdk":
            raise
        return _failed(MISSING, BAD_USAGE)
    folder = Path(args.grafana)
    try:
        written = _write(folder, exported((args.kmon_url or KMON_URL).rstrip("/")))
    except OSError as error:
        return _failed(f"cannot write {error.filename or folder}: {error.strerror}", UNWRITTEN)
    print("\n".join(visible(str(path)) for path in written))
    return 0


def _write(folder: Path, texts: Mapping[str, str]) -> list[Path]:
    """Write each text to the file of its name in a folder, which is made if there is none; the paths."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    return [folder / name for name in texts]


def _is_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.netloc)


def _failed(line: str, code: int) -> int:
    print(f"kmon: {visible(line)}", file=sys.stderr)
    return code
