"""How time is compressed: kmon's settings, its catalogue and the peers' rules with every time a tenth of the usual."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from alerts.catalogue import PATH, catalogue

FACTOR = 10.0
"""Ten seconds are one: kmon polls every second, which stands for its default of ten."""

HOUR = 3600.0 / FACTOR


def seconds(usual: float) -> str:
    """A duration of the settings that stands for `usual` seconds."""
    return f"{usual / FACTOR:g}s"


def compressed_catalogue(most: float = math.inf) -> dict[str, Any]:
    """The catalogue as it is, but for `for` and `keep_firing_for`; each rule replaces that of its name.

    Neither is longer than `most` compressed seconds.
    """
    document: dict[str, Any] = yaml.safe_load(PATH.read_text(encoding="utf-8"))
    rules = {rule.name: rule for rule in catalogue()}
    for group in document["groups"]:
        for written in group["rules"]:
            rule = rules[written["alert"]]
            written["on"] = written.pop(True)  # YAML 1.1 reads the key `on` as a flag
            for key, usual in (("for", rule.for_seconds), ("keep_firing_for", rule.keep_firing_for_seconds)):
                if usual:
                    written[key] = seconds(min(usual, most * FACTOR))
    return document


def settings(
    bootstrap: str, webhook: str, folder: Path, catalogue: Mapping[str, Any] | None = None, **more: Any
) -> dict[str, Any]:
    """A settings file of kmon with times compressed: everything else is as by default. `more` goes to the context."""
    rules = folder / "catalogue.yaml"
    rules.write_text(yaml.safe_dump(catalogue or compressed_catalogue(), sort_keys=False), encoding="utf-8")
    usual = {"start_offsets": 30, "log_dirs": 60, "configs": 300, "transactions": 30, "permissions": 60}
    context = {
        "name": "demo",
        "bootstrap_servers": bootstrap.split(","),
        "interval": seconds(10),
        "request_timeout": seconds(3),
        "collect": {name: seconds(each) for name, each in usual.items()},
        **more,
    }
    receiver = {
        # Each alert by itself and at once, as the peers' are counted.
        "name": "pager",
        "type": "webhook",
        "url": webhook,
        "group_by": ["..."],
        "group_wait": "0s",
        "group_interval": "0s",
        "repeat_interval": "1d",
    }
    return {
        "contexts": [context],
        "listen": "127.0.0.1:0",
        "dashboard": False,
        "metrics": {"names": ["kmon", "kafka_exporter", "kminion", "kafka_lag_exporter"]},
        "alerts": {
            "rule_files": [str(rules)],
            "unreachable": {"for": seconds(120)},
            "receivers": [receiver],
            "state_directory": str(folder / "state"),
        },
    }
