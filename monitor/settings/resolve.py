"""Checks given settings against the keys there are, and fills in what they take from variables and files."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path as FilePath

from monitor.settings.errors import SettingsError
from monitor.settings.raw_values import Given, Path, Problem, nearest
from monitor.settings.schema import TWIN, Key, keys_of
from monitor.settings.security import FileSecret
from monitor.settings.values import PATH, Frozen


class Resolver:
    """Resolves one layer of settings. `env` fills ${NAME} and `folder` is what relative paths begin at, where not None.

    What is wrong is added to `problems`; `literal_secrets` are the labels of secrets written out.
    """

    def __init__(
        self, problems: list[Problem], env: Mapping[str, str] | None = None, folder: FilePath | None = None
    ) -> None:
        self.problems = problems
        self.env = env
        self.folder = folder
        self.literal_secrets: list[str] = []

    def section(self, given: Given, model: type[Frozen], path: Path = ()) -> Given:
        """The section with variables, paths and secrets in place, without the keys that are not known."""
        if given.value is None:
            return replace(given, value={})
        if not isinstance(given.value, dict):
            self._report(given, path, f"must be a mapping of keys: {', '.join(keys_of(model))}")
            return replace(given, value={})
        keys = keys_of(model)
        result: dict[str, Given] = {}
        for name, each in given.value.items():
            key = keys.get(name)
            if key is None:
                self._report(
                    each, (*path, name), f"is not a key of this section: {model.hints.get(name) or nearest(name, keys)}"
                )
            elif not key.twin:
                result[name] = self._value(each, key, (*path, name))
            elif (secret := name.removesuffix(TWIN)) in given.value:
                self._report(each, (*path, secret), f"set {secret} or {name}, not both")
            else:
                result[secret] = self._secret(each, (*path, secret))
        return replace(given, value=result)

    def _value(self, given: Given, key: Key, path: Path) -> Given:
        if key.kind == "section" and key.model is not None:
            return self.section(given, key.model, path)
        if key.kind == "sections" and key.model is not None:
            return self._sections(given, key.model, path)
        if given.value is None:
            self._report(given, path, "has no value: set one, or leave the key out")
            return given
        if key.secret and self.env is not None and isinstance(given.value, str) and "${" not in given.value:
            self.literal_secrets.append(given.label)
        return self._text(given, path, path_like=key.notation is PATH)

    def _sections(self, given: Given, model: type[Frozen], path: Path) -> Given:
        items = [] if given.value is None else given.value
        if not isinstance(items, list):
            self._report(given, path, "must be a list: begin each item with -")
            items = []
        resolved = [self.section(each, model, (*path, number)) for number, each in enumerate(items)]
        return replace(given, value=[*resolved])

    def _text(self, given: Given, path: Path, *, path_like: bool = False) -> Given:
        """The value with variables in place, in lists and mappings too."""
        if isinstance(given.value, list):
            return replace(given, value=[self._text(each, (*path, part)) for part, each in enumerate(given.value)])
        if isinstance(given.value, dict):
            return replace(given, value={part: self._text(each, (*path, part)) for part, each in given.value.items()})
        if given.value is None:
            self._report(given, path, "has no value: set one, or leave it out")
            return given
        text = self._fill(given, str(given.value), path)
        if path_like:
            text = self._locate(text)
        return replace(given, value=text)

    def _locate(self, text: str) -> str:
        try:
            path = FilePath(text).expanduser()
        except RuntimeError:  # ~name of a user who does not exist
            path = FilePath(text)
        return str(path if self.folder is None else self.folder / path)

    def _fill(self, given: Given, text: str, path: Path) -> str:
        """The text with ${NAME} replaced by the variable and $${ by ${."""
        env = self.env
        if env is None:
            return text

        def fill(match: re.Match[str]) -> str:
            if match[0] == "$${":
                return "${"
            name = match["name"]
            if match["end"] is None or not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
                self._report(given, path, "has a ${ that does not begin a ${NAME}: write $${ for the text itself")
            elif name not in env:
                self._report(given, path, f"the environment variable {name} is not set", absent=True)
            return env.get(name, "")

        return re.sub(r"\$\$\{|\$\{(?P<name>[^{}]*)(?P<end>\})?", fill, text)

    def _secret(self, given: Given, path: Path) -> Given:
        if not isinstance(given.value, str):
            self._report(given, path, "must be the path of a file")
            return given
        file = self._text(given, path, path_like=True).value
        try:
            return replace(given, value=FileSecret(FilePath(str(file))))
        except SettingsError as error:
            self._report(given, path, str(error), absent=True)
            return given

    def _report(self, given: Given, path: Path, text: str, *, absent: bool = False) -> None:
        self.problems.append(Problem(path, given.problem(text), absent))


def layer(values: Iterable[tuple[tuple[str, ...], Given]], where: str) -> dict[str, Given]:
    """Single values with their paths as one tree."""
    result: dict[str, Given] = {}
    for path, given in values:
        tree = result
        for part in path[:-1]:
            inner = tree.setdefault(part, Given({}, where)).value
            assert isinstance(inner, dict)
            tree = inner
        tree[path[-1]] = given
    return result


def merge(under: Given, over: Given) -> Given:
    """Both trees as one: what `over` has wins, mapping by mapping."""
    if not isinstance(under.value, dict) or not isinstance(over.value, dict):
        return over
    merged = dict(under.value)
    for name, each in over.value.items():
        merged[name] = merge(merged[name], each) if name in merged else each
    return Given(merged, under.where or over.where, under.path)
