"""Reads the login out of sasl.jaas.config. Only these login modules are known, and nothing is ever loaded."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

MODULES = {
    "org.apache.kafka.common.security.plain.PlainLoginModule": ("PLAIN",),
    "org.apache.kafka.common.security.scram.ScramLoginModule": ("SCRAM-SHA-256", "SCRAM-SHA-512"),
    "org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule": ("OAUTHBEARER",),
    "software.amazon.msk.auth.iam.IAMLoginModule": ("AWS_MSK_IAM",),
}
FLAGS = ("required", "requisite", "sufficient", "optional")
TOKEN = re.compile(
    r"""(?P<space>[\x00-\x20]+|//[^\n\r]*|/\*.*?\*/|/[^\n\r]*)
      | (?P<quoted>"(?:\\.|[^"\\\r\n])*"|'(?:\\.|[^'\\\r\n])*')
      | (?P<word>[A-Za-z_$\xa0-\U0010ffff][\w.$\-\xa0-\U0010ffff]*)
      | (?P<sign>[=;])""",
    re.VERBOSE | re.DOTALL,
)
ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "f": "\f", "a": "\a", "b": "\b", "v": "\v"}


@dataclass(frozen=True)
class Login:
    """The options of a login module, and the SASL mechanisms that it is for."""

    options: Mapping[str, str]
    mechanisms: tuple[str, ...]

    @property
    def takes_password(self) -> bool:
        """Whether a user logs in with a password."""
        return self.mechanisms[0] == "PLAIN" or self.mechanisms[0].startswith("SCRAM")


def parse_jaas(text: str) -> Login:
    """The login of a sasl.jaas.config value.

    Raises ValueError that says what is wrong and never repeats a value of it.
    """
    tokens = _tokens(text)
    if len(tokens) < 2 or tokens[0][0] != "text":
        raise ValueError('is not a login: write ModuleName required username="…" password="…";')
    module = tokens[0][1]
    if module not in MODULES:
        known = ", ".join(name.rsplit(".", 1)[-1] for name in MODULES)
        named = module.rsplit(".", 1)[-1]
        shown = f" {named}" if re.fullmatch(r"[A-Za-z0-9_]{1,64}LoginModule", named, re.ASCII) else ""
        raise ValueError(f"has the login module{shown}, which kmon does not support: it supports {known}")
    if tokens[1][1].lower() not in FLAGS:
        raise ValueError(f"lacks one of {', '.join(FLAGS)} after the login module")
    options, rest = {}, tokens[2:]
    while rest and rest[0] != ("sign", ";"):
        if len(rest) < 3 or [kind for kind, _ in rest[:3]] != ["text", "sign", "text"] or rest[1][1] != "=":
            raise ValueError('has an option that is not name="value"')
        options[rest[0][1]] = rest[2][1]
        rest = rest[3:]
    if not rest:
        raise ValueError("does not end with a semicolon")
    if rest[1:]:
        raise ValueError("has more than one login module")
    login = Login(options, MODULES[module])
    if login.takes_password and not options.keys() >= {"username", "password"}:
        raise ValueError("lacks username or password")
    return login


def _tokens(text: str) -> list[tuple[str, str]]:
    result, place = [], 0
    while place < len(text):
        match = TOKEN.match(text, place)
        if match is None:
            if text[place] in "\"'":
                raise ValueError("has a quote that is not closed on its line")
            raise ValueError("has an unexpected character: put values in double quotes")
        place = match.end()
        if match["quoted"] is not None:
            result.append(("text", _unescape(match["quoted"][1:-1])))
        elif match["word"] is not None:
            result.append(("text", match["word"]))
        elif match["sign"] is not None:
            result.append(("sign", match["sign"]))
    return result


def _unescape(text: str) -> str:
    def replace(match: re.Match[str]) -> str:
        return chr(int(match[1], 8)) if match[1] else ESCAPES.get(match[2], match[2])

    return re.sub(r"\\(?:([0-3][0-7]{0,2}|[4-7][0-7]?)|(.))", replace, text, flags=re.DOTALL)
