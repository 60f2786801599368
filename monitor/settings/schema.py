"""The keys that settings have, read off the models: paths, environment variables, types, defaults and meanings."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from monitor.model.units import format_duration, format_size
from monitor.settings.model import Settings

Kind = Literal["value", "list", "map", "section", "sections"]
EACH = "[]"
"""Stands in a path for any item of a list."""
CONTEXT = ("contexts", EACH)
PATHS = ("file", "directory")
"""Ends of the attributes that are paths."""


@dataclass(frozen=True)
class Key:
    """A key of the settings file. `model` is what a section holds; `twin` marks the file that a secret is read from."""

    name: str
    attribute: str
    kind: Kind
    takes: str
    default: str
    meaning: str
    secret: bool = False
    twin: bool = False
    model: type[BaseModel] | None = None

    @property
    def path_like(self) -> bool:
        """Whether its value is the path of a file or directory."""
        return self.twin or self.attribute.endswith(PATHS)


@cache
def keys_of(model: type[BaseModel]) -> Mapping[str, Key]:
    """The keys of a section by name, those of secrets followed by their `_file` twins."""
    result: dict[str, Key] = {}
    for attribute, info in model.model_fields.items():
        key = _key(attribute, info)
        result[key.name] = key
        if key.secret:
            name = f"{key.name}_file"
            result[name] = Key(name, key.attribute, "value", "path", "none", f"file that holds {key.name}", twin=True)
    return result


def _key(attribute: str, info: FieldInfo) -> Key:
    name = info.validation_alias if isinstance(info.validation_alias, str) else attribute
    kind, model = _shape(info.annotation)
    secret = SecretStr in (info.annotation, *get_args(info.annotation))
    return Key(
        name,
        attribute,
        kind,
        _type(attribute, kind, info),
        _default(attribute, info),
        info.description or "",
        secret,
        model=model,
    )


def _shape(annotation: Any) -> tuple[Kind, type[BaseModel] | None]:
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is tuple and _is_model(inner[0]):
        return "sections", inner[0]
    if _is_model(annotation):
        return "section", annotation
    return ("list" if origin is tuple else "map" if origin is Mapping else "value"), None


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def _type(attribute: str, kind: Kind, info: FieldInfo) -> str:
    named = {"section": "section", "sections": "list of sections", "list": "list", "map": "mapping of texts"}
    if kind in named:
        return named[kind]
    inner = [each for each in (info.annotation, *get_args(info.annotation)) if each is not None]
    choices = [choice for each in inner if get_origin(each) is Literal for choice in get_args(each)]
    if get_origin(info.annotation) is Literal or choices:
        return ", ".join(choices or get_args(info.annotation))
    if attribute.endswith(("_seconds", "_bytes", *PATHS)):
        return {"seconds": "duration", "bytes": "size"}.get(attribute.rsplit("_", 1)[-1], "path")
    words: dict[Any, str] = {SecretStr: "secret", bool: "true, false", float: "number", int: "whole number"}
    return next((words[each] for each in inner if each in words), "text")


def _default(attribute: str, info: FieldInfo) -> str:
    if info.default is PydanticUndefined:
        return "none" if info.default_factory else "required"
    if info.default is None or info.default == () or isinstance(info.default, BaseModel):
        return "none"
    return format_value(attribute, info.default)


def format_value(attribute: str, value: Any) -> str:
    """A value of a model as the settings file spells it."""
    if isinstance(value, bool):
        return str(value).lower()
    if attribute.endswith("_seconds"):
        return format_duration(value)
    if attribute.endswith("_bytes"):
        return format_size(value)
    return f"{value:g}" if isinstance(value, float) and abs(value) < 1e6 else str(value)


def walk(model: type[BaseModel] = Settings, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Key]]:
    """Every key under a section with its path, in the order of the models."""
    for key in keys_of(model).values():
        here = (*path, key.name)
        yield here, key
        if key.model is not None:
            yield from walk(key.model, (*here, EACH) if key.kind == "sections" else here)


def variable_of(path: tuple[str, ...]) -> str | None:
    """The environment variable of a key: KMON_ and its path, where keys of a context are those of the current one.

    None for the keys inside other lists, which are set with the variable of the list.
    """
    if path[: len(CONTEXT)] == CONTEXT:
        path = path[len(CONTEXT) :]
    return None if EACH in path else "KMON_" + "_".join(path).upper()


@cache
def variables() -> Mapping[str, tuple[tuple[str, ...], Key]]:
    """Every environment variable with the path of its key; sections have none of their own."""
    named = ((variable_of(path), path, key) for path, key in walk())
    return {name: (path, key) for name, path, key in named if name is not None and key.kind != "section"}
