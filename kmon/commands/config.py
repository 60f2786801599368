"""kmon config: checks the settings, or shows those in effect and where each came from."""

import argparse
import re
from collections.abc import Iterator, Mapping
from typing import Any

import yaml
from pydantic import SecretStr

from kmon.commands.options import loaded_from
from monitor.model.text import visible
from monitor.settings.errors import SettingsError
from monitor.settings.load import Loaded
from monitor.settings.raw_values import Path, find
from monitor.settings.schema import Key, keys_of
from monitor.settings.values import Frozen

MASK = "***"


def run(args: argparse.Namespace) -> int:
    loaded = loaded_from(args, need_cluster=False)
    if args.action == "show":
        print("\n".join(lines_of(loaded)))
    else:
        check_receivers(loaded)
        names = [visible(context.title) for context in loaded.settings.contexts]
        print("OK: " + (f"contexts {', '.join(names)}" if names else "no contexts"))
    return 0


def check_receivers(loaded: Loaded) -> None:
    """Try what receivers need beside their settings: files, packages and templates. Raises SettingsError."""
    from alerts.heartbeat import Heartbeat  # noqa: PLC0415 - the HTTP client is slow to import
    from alerts.notifiers import notifier_of  # noqa: PLC0415 - the same

    problems = []
    try:
        if loaded.settings.alerts.heartbeat.url is not None:
            Heartbeat(loaded.settings.alerts.heartbeat, list)
    except SettingsError as error:
        path: Path = ("alerts", "heartbeat", "ssl_cafile")
        problems += [find(loaded.root, path)[0].problem(problem) for problem in error.problems]
    for number, each in enumerate(loaded.settings.alerts.receivers):
        try:
            notifier_of(each)
        except SettingsError as error:
            for problem in error.problems:
                key, _, text = problem.partition(": ")
                path = ("alerts", "receivers", number)
                if key in keys_of(type(each)):
                    path, problem = (*path, key), text  # noqa: PLW2901
                problems.append(find(loaded.root, path)[0].problem(problem))
    if problems:
        raise SettingsError(*problems)


def lines_of(loaded: Loaded) -> Iterator[str]:
    """The settings as YAML that `load` reads to the same settings, but for secrets, which are masked.

    A comment behind each value is where it came from.
    """
    rows = list(_section(loaded, loaded.settings, (), ""))
    wide = min(60, max(len(text) for text, _ in rows))
    for text, origin in rows:
        yield f"{text.ljust(wide)}  # {visible(origin)}" if origin else text


def _section(loaded: Loaded, model: Frozen, path: Path, indent: str) -> Iterator[tuple[str, str]]:
    for key in keys_of(type(model)).values():
        value = getattr(model, key.attribute)
        if key.twin or value is None or key.attribute in model.unused:
            continue
        here = (*path, key.name)
        if isinstance(value, Frozen):
            yield f"{indent}{key.name}:", ""
            yield from _section(loaded, value, here, indent + "  ")
        elif key.kind == "sections" and value:
            yield f"{indent}{key.name}:", ""
            for number, each in enumerate(value):
                (first, origin), *rest = _section(loaded, each, (*here, number), indent + "    ")
                yield f"{indent}  - {first.strip()}", origin
                yield from rest
        else:
            yield f"{indent}{key.name}: {_value(key, value)}", loaded.origin(here)


def _value(key: Key, value: Any) -> str:
    if isinstance(value, SecretStr):
        return f'"{MASK}"'
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_text(name, key=True)}: {_text(each)}" for name, each in value.items()) + "}"
    if isinstance(value, tuple):
        return "[" + ", ".join(_text(re.sub(r"//[^/@]*@", f"//{MASK}@", each)) for each in value) + "]"
    return _text(key.notation.text(value))


def _text(text: str, *, key: bool = False) -> str:
    """A text as YAML that stays itself: bare where that is safe, else quoted, with nothing a terminal would obey."""
    if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_./:-]*(?<!:)", text) and text.lower() != "null":
        return text
    quoted: str = yaml.safe_dump(text if key else text.replace("${", "$${"), default_style='"', width=10**9)
    return quoted.strip()
