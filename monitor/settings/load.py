"""Loads settings: defaults under the file, under client.properties, under the environment, under flags."""

import difflib
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path as FilePath
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from monitor.model.time_scale import VARIABLE as TIME_SCALE
from monitor.settings.client_options import client_options
from monitor.settings.client_properties import ClientProperties
from monitor.settings.document import parse, read_document
from monitor.settings.errors import SettingsError
from monitor.settings.model import NO_CLUSTER, ClusterSettings, Settings, check_choice, choose
from monitor.settings.raw_values import Given, Path, Problem, child, dotted, find, plain
from monitor.settings.resolve import Resolver, layer, merge
from monitor.settings.schema import in_context, key_at, keys_of, variables
from monitor.settings.values import WRONG_KEY, Frozen, split_list

OTHER_VARIABLES = ("KMON_CONFIG", "KMON_COMMAND_CONFIG", "KMON_DEBUG", "KMON_REQUIRE", TIME_SCALE)
"""Variables of kmon that set no key."""

Overrides = Mapping[str, tuple[str, Any]]
"""What flags set: a key ("listen", or "security.protocol" of the current context) to the flag and its value, which is a
text, a number, or lists and mappings of them."""

NOTHING = Given({}, "")

SENTENCES = {
    "bool_parsing": "must be true or false",
    "bool_type": "must be true or false",
    "float_parsing": "must be a number",
    "float_type": "must be a number",
    "finite_number": "must be a finite number",
    "int_parsing": "must be a whole number",
    "int_type": "must be a whole number",
    "mapping_type": "must be a mapping of names to strings",
    "missing": "is missing",
    "string_type": "must be a string",
    "string_too_short": "is empty: set a value, or leave the key out",
    "tuple_type": "must be a list, or a string with commas",
}
LIMITS = {"greater_than_equal": ("ge", "at least"), "less_than_equal": ("le", "at most")}


@dataclass(frozen=True)
class Loaded:
    """Settings, what a person should know about them (`notes`, one line each), and where each value came from."""

    settings: Settings
    notes: tuple[str, ...]
    root: Given

    def origin(self, path: Path) -> str:
        """Where the value at a path of the settings file came from: file:line, a variable, a flag, or "default"."""
        given, rest = find(self.root, path)
        return "default" if rest or not given.where else given.where


def load(
    path: FilePath | str | None,
    env: Mapping[str, str],
    overrides: Overrides | None = None,
    *,
    command_config: FilePath | str | None = None,
    need_cluster: bool = True,
) -> Loaded:
    """Settings from a YAML file, Kafka's client.properties, environment variables and flags, later ones winning.

    Raises SettingsError with everything that is wrong, one line each.
    """
    loader = _Loader()
    root = loader.file(path, env)
    properties, problems = loader.properties(command_config)
    upper = [properties, loader.environment(env), _flags(overrides or {})]
    for each in upper:
        root = merge(root, loader.resolve(_only(each, keys_of(Settings)), Settings))
    listed = child(root, "contexts") or NOTHING
    contexts = [*listed.value] if isinstance(listed.value, list) else []
    over = [_only(each, keys_of(ClusterSettings)) for each in upper]
    if not contexts and (need_cluster or any("bootstrap_servers" in plain(each) for each in over)):
        contexts = [NOTHING]
    wanted = child(root, "current_context")
    current = _current(contexts, wanted)
    # What is wrong with a login makes the settings without it wrong as well, which is not worth a line.
    login: Path = ("properties",) if current is None else ("contexts", current, "security")
    loader.problems += [Problem(login if about else ("properties",), text) for about, text in problems]
    if current is not None:
        if plain(properties):
            contexts[current] = _only(contexts[current], keys_of(ClusterSettings).keys() - {"security"})
        for each in over:
            contexts[current] = merge(contexts[current], loader.resolve(each, ClusterSettings, ("contexts", current)))
        name = child(contexts[current], "name")
        if wanted is not None and name is not None and name.value != wanted.value:
            wanted = name
            root = merge(root, Given({"current_context": name}, ""))
    elif wanted is None and len(contexts) > 1 and any(plain(each) for each in over):
        # Which cluster's key is it that a variable or a flag sets?
        loader.problems.append(Problem(("current_context",), listed.problem(choose([*map(_title, contexts)]))))
    if problem := check_choice([*map(_title, contexts)], str(wanted.value) if wanted else None):
        loader.problems.append(Problem(("current_context",), (wanted or listed).problem(problem)))
    contexts = loader.leave_out(contexts, current)
    root = merge(root, Given({"contexts": Given([*contexts], listed.where, "contexts")}, ""))
    return Loaded(loader.validate(root), tuple(loader.notes), root)


class _Loader:
    """Gathers problems and notes on the way from what was given to Settings."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.notes: list[str] = []

    def resolve(self, given: Given, model: type[Frozen], path: Path = ()) -> Given:
        return Resolver(self.problems).section(given, model, path)

    def file(self, path: FilePath | str | None, env: Mapping[str, str]) -> Given:
        if path is None:
            return NOTHING
        path = FilePath(path)
        resolver = Resolver(self.problems, env, path.parent)
        resolved = resolver.section(read_document(path), Settings)
        self._warn_if_readable(path, resolver.literal_secrets)
        return resolved

    def properties(self, path: FilePath | str | None) -> tuple[Given, list[tuple[bool, str]]]:
        if path is None:
            return NOTHING, []
        path = FilePath(path)
        read = ClientProperties(path)
        self.notes += read.notes
        self._warn_if_readable(path, read.secrets)
        return read.given, read.problems

    def _warn_if_readable(self, path: FilePath, secrets: list[str]) -> None:
        if secrets and path.is_file() and path.stat().st_mode & 0o004:
            self.notes.append(f"{secrets[0]}: every user of this machine can read this secret: chmod 600 {path}")

    def environment(self, env: Mapping[str, str]) -> Given:
        """What the environment sets; a variable that is empty sets nothing."""
        known = variables()
        values: list[tuple[tuple[str, ...], Given]] = []
        for name, text in env.items():
            if not name.startswith("KMON_") or not text or name in OTHER_VARIABLES:
                continue
            if name not in known:
                # Others set KMON_… too, such as Kubernetes for a service that is called kmon.
                near = difflib.get_close_matches(name, [*known, *OTHER_VARIABLES], n=1, cutoff=0.85)
                self.notes += [f"{name}: is not a variable of kmon: did you mean {near[0]}?"] if near else []
                continue
            path, key = known[name]
            given = Given(text, name)
            if key.kind in ("sections", "map"):
                try:
                    given = parse(text, name, lines=False)
                except SettingsError as error:
                    self.problems += [Problem(path, problem) for problem in error.problems]
                    continue
            values.append((in_context(path), given))
        return Given(layer(values, "environment"), "environment")

    def leave_out(self, contexts: list[Given], current: int | None) -> list[Given]:
        """The contexts without those that are not current and take what is not there, with a note for each."""
        lacking = {each.path[1]: each for each in self.problems if each.absent and each.path[:1] == ("contexts",)}
        lacking.pop(current, None) if current is not None else lacking.clear()
        if not lacking:
            return contexts
        self.notes += [f"{each.text}: this context is skipped" for each in lacking.values()]
        kept = [number for number in range(len(contexts)) if number not in lacking]
        place: dict[Any, int] = {number: index for index, number in enumerate(kept)}
        moved = []
        for each in self.problems:
            if each.path[:1] != ("contexts",) or len(each.path) < 2:
                moved.append(each)
            elif not (each.absent and each.path[1] in lacking):
                moved.append(Problem(("contexts", place.get(each.path[1], -1), *each.path[2:]), each.text, each.absent))
        self.problems = moved
        return [contexts[number] for number in kept]

    def validate(self, root: Given) -> Settings:
        settings = None
        try:
            settings = Settings.model_validate(plain(root))
        except ValidationError as error:
            self.problems += _problems_of(error, root, [each.path for each in self.problems])
        if settings is not None and not self.problems:
            chosen = settings.current_context is not None
            for number, context in enumerate(settings.contexts):
                if not chosen or context is settings.cluster:
                    self._check_security(context, find(root, ("contexts", number, "security"))[0])
        if self.problems or settings is None:
            raise SettingsError(*dict.fromkeys(each.text for each in self.problems), notes=self.notes)
        return settings

    def _check_security(self, context: ClusterSettings, given: Given) -> None:
        if context.security.tls and not context.security.check_hostname:
            self.notes.append(given.problem("host names are not verified: any trusted certificate is accepted"))
        try:
            client_options(context)
        except SettingsError as error:
            self.problems += [Problem((), given.problem(problem)) for problem in error.problems]


def _flags(overrides: Overrides) -> Given:
    known = {".".join(in_context(path)) for path, _ in variables().values()}
    if unknown := overrides.keys() - known:
        raise ValueError(f"no such settings: {', '.join(sorted(unknown))}")
    values = [(tuple(key.split(".")), _given(value, flag)) for key, (flag, value) in overrides.items()]
    return Given(layer(values, "flags"), "flags")


def _given(value: Any, where: str) -> Given:
    if isinstance(value, Given):
        return value
    if isinstance(value, Mapping):
        return Given({str(name): _given(each, where) for name, each in value.items()}, where)
    if isinstance(value, (list, tuple)):
        return Given([_given(each, where) for each in value], where)
    return Given(str(value), where)


def _only(given: Given, names: Container[str]) -> Given:
    """A section with these of its keys."""
    assert isinstance(given.value, dict)
    return replace(given, value={name: each for name, each in given.value.items() if name in names})


def _current(contexts: list[Given], wanted: Given | None) -> int | None:
    """The number of the context to use, None where there is none of that name or no choice was made."""
    if wanted is None or contexts == [NOTHING]:
        return 0 if len(contexts) == 1 else None
    titles = [_title(each) for each in contexts]
    return titles.index(str(wanted.value)) if wanted.value in titles else None


def _title(context: Given) -> str:
    """What a context is called: its name, or else its addresses."""
    name = child(context, "name")
    if name is not None and name.value is not None:
        return str(name.value)
    servers = child(context, "bootstrap_servers")
    if servers is None:
        return ""
    return ",".join(split_list(plain(servers)) if isinstance(servers.value, str) else map(str, plain(servers) or ()))


# -------------------------------------------------------------------- errors of pydantic, in words


def _problems_of(error: ValidationError, root: Given, known: Sequence[Path]) -> list[Problem]:
    """The problems of a validation, without those that follow from a problem at one of the `known` paths."""
    result = []
    for each in error.errors(include_input=False, include_url=False):
        path: Path = each["loc"]
        if not any(path[: len(other)] == other[: len(path)] for other in known):
            result.append(Problem(path, _line(each, root)))
    return result


def _line(error: ErrorDetails, root: Given) -> str:
    path: Path = error["loc"]
    if error["type"] == WRONG_KEY:
        path = (*path, error["ctx"]["key"])
    given, rest = find(root, path)
    if rest == ("bootstrap_servers",) and not given.path:
        return NO_CLUSTER
    return replace(given, path=dotted(rest, given.path)).problem(_sentence(error))


def _sentence(error: ErrorDetails) -> str:
    kind, context = error["type"], error.get("ctx", {})
    if kind in LIMITS:
        name, words = LIMITS[kind]
        return f"must be {words} {key_at(error['loc']).notation.text(context[name])}"
    if kind == "literal_error":
        return "must be one of " + str(context["expected"]).replace("'", "").replace(" or ", ", ")
    if kind == "value_error":
        return str(context["error"])
    return SENTENCES.get(kind) or error["msg"].replace("Input should", "must").replace("String should", "must")
