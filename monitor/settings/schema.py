"""The keys that settings have, read off the models: paths, environment variables, notations, defaults and meanings."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from monitor.settings.model import Settings
from monitor.settings.raw_values import Path
from monitor.settings.values import PATH, Frozen, Notation

Kind = Literal["value", "list", "map", "section", "sections"]
EACH = "[]"
"""Stands in a path for any item of a list."""
CONTEXT = ("contexts", EACH)
TWIN = "_file"
"""How the name of the key ends that names the file to read a secret from."""

NOTATIONS: Mapping[Any, Notation] = {
    SecretStr: Notation("secret"),
    bool: Notation("true, false", lambda value: str(value).lower()),
    float: Notation("number", lambda value: f"{value:g}" if abs(value) < 1e6 else str(value)),
    int: Notation("whole number"),
    "section": Notation("section"),
    "sections": Notation("list of sections"),
    "list": Notation("list", ", ".join),
    "map": Notation("mapping of texts"),
}
"""Notations by kind of key, and of values by type where the type of the setting does not have its own."""


@dataclass(frozen=True)
class Key:
    """A key of the settings file. `model` is what a section holds; `twin` marks the file that a secret is read from."""

    name: str
    attribute: str
    kind: Kind
    notation: Notation
    default: str
    meaning: str
    secret: bool = False
    twin: bool = False
    model: type[Frozen] | None = None


@cache
def keys_of(model: type[Frozen]) -> Mapping[str, Key]:
    """The keys of a section by name, those of secrets followed by their twins."""
    result: dict[str, Key] = {}
    for attribute, info in model.model_fields.items():
        key = _key(attribute, info)
        result[key.name] = key
        if key.secret:
            name = f"{key.name}{TWIN}"
            result[name] = Key(name, key.attribute, "value", PATH, "none", f"file to read {key.name} from", twin=True)
    return result


def _key(attribute: str, info: FieldInfo) -> Key:
    kind, model = _shape(info.annotation)
    parts = [*info.metadata, *_parts(info.annotation)]
    notation = _notation(parts) if kind == "value" else NOTATIONS[kind]
    if info.is_required():
        default = "required"
    elif info.default_factory or info.default in (None, ()) or model:
        default = "none"
    else:
        default = notation.text(info.default)
    meaning = info.description or ""
    return Key(str(info.validation_alias), attribute, kind, notation, default, meaning, SecretStr in parts, model=model)


def _shape(annotation: Any) -> tuple[Kind, type[Frozen] | None]:
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is tuple and _is_model(inner[0]):
        return "sections", inner[0]
    if _is_model(annotation):
        return "section", annotation
    return ("list" if origin is tuple else "map" if origin is Mapping else "value"), None


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, Frozen)


def _parts(annotation: Any) -> Iterator[Any]:
    """What a type is made of, through Annotated and `| None`."""
    yield annotation
    if get_origin(annotation) in (Annotated, Union, UnionType):
        for each in get_args(annotation):
            yield from _parts(each)


def _notation(parts: Iterable[Any]) -> Notation:
    for part in parts:
        if isinstance(part, Notation):
            return part
        if get_origin(part) is Literal:
            return Notation(", ".join(get_args(part)))
        if isinstance(part, type) and part in NOTATIONS:
            return NOTATIONS[part]
    return Notation("text")


def walk(model: type[Frozen] = Settings, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Key]]:
    """Every key under a section with its path, in the order of the models."""
    for key in keys_of(model).values():
        here = (*path, key.name)
        yield here, key
        if key.model is not None:
            yield from walk(key.model, (*here, EACH) if key.kind == "sections" else here)


def in_context(path: tuple[str, ...]) -> tuple[str, ...]:
    """The path of a key where keys of a context are those of the current one, as for variables and flags."""
    return path[len(CONTEXT) :] if path[: len(CONTEXT)] == CONTEXT else path


def variable_of(path: tuple[str, ...]) -> str | None:
    """The environment variable of a key: KMON_ and its path in the current context.

    None for the keys inside other lists, which are set with the variable of the list.
    """
    path = in_context(path)
    return None if EACH in path else "KMON_" + "_".join(path).upper()


@cache
def variables() -> Mapping[str, tuple[tuple[str, ...], Key]]:
    """Every environment variable with the path of its key; sections have none of their own."""
    named = ((variable_of(path), path, key) for path, key in walk())
    return {name: (path, key) for name, path, key in named if name is not None and key.kind != "section"}


def key_at(path: Path) -> Key:
    """The key of a value in the settings. Raises KeyError where the path does not lead to one."""
    return dict(walk())[tuple(EACH if isinstance(part, int) else part for part in path)]
