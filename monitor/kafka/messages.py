"""Kafka's messages by kafka-python's schemas: requests, and the answers that need no faster way to be read."""

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import Any

from kafka.protocol import admin, consumer, metadata

from monitor.kafka import schemas
from monitor.kafka.client.apis import Api
from monitor.kafka.client.wire import Answer
from monitor.kafka.decode.cursor import MalformedAnswerError, understanding


@cache
def _schema(name: str) -> Any:
    return next(getattr(each, name) for each in (schemas, admin, consumer, metadata) if hasattr(each, name))


def encode(api: Api, version: int, fields: Mapping[str, Any]) -> bytes:
    """The body of a request; a structure within it is a mapping of its fields, too."""
    return bytes(_made(_schema(f"{api.name}Request"), version, fields).encode())


def _made(schema: Any, version: int, fields: Mapping[str, Any]) -> Any:
    def value(name: str, given: Any) -> Any:
        field = schema.fields[name]
        if given is None or not field.is_struct_array():
            return given
        return [_made(field.data_class, version, each) for each in given]

    return schema(version=version, **{name: value(name, given) for name, given in fields.items()})


@contextmanager
def decoded(answer: Answer) -> Iterator[Any]:
    """The message of an answer. Raises MalformedAnswerError where it is none, or where its content trips the caller."""
    with understanding(f"{answer.api.name} v{answer.version}"):
        yield read(_schema(f"{answer.api.name}Response"), answer.body, answer.version)


def read(message: Any, body: bytes, version: int) -> Any:
    """Decode a body by a kafka-python message class. Raises MalformedAnswerError, whatever the schema trips over.

    kafka-python's own decode() does not tell where it ended: it takes a text that is cut off for a short one, and does
    not miss what it leaves over.
    """
    try:
        flexible = message.flexible_version_q(version)
        decode = message._struct.compiled_decode_from(  # noqa: SLF001 - what tells where it ended is not public
            version, compact=flexible, tagged=flexible, data_class=message[None]
        )
        answer, end = decode(memoryview(body), 0)
    except Exception as error:
        raise MalformedAnswerError(f"{message.__name__} v{version}: {error or type(error).__name__}") from error
    if end != len(body):
        raise MalformedAnswerError(f"{message.__name__} v{version}: {len(body)} bytes where it has {end}")
    return answer


def known(number: int) -> float:
    """A number of a message, NaN where Kafka writes a negative one for none."""
    return math.nan if number < 0 else float(number)
