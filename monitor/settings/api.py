"""Settings of the JSON API: who may change something by it."""

from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr

from monitor.settings.values import Frozen, Secret

SHORTEST_TOKEN = 16


def check_token(token: SecretStr) -> SecretStr:
    if len(token.get_secret_value().strip()) < SHORTEST_TOKEN:
        raise ValueError(f"is shorter than {SHORTEST_TOKEN} characters: use a long random text")
    return token


class ApiSettings(Frozen):
    """The JSON API below /api/v1."""

    token: Annotated[Secret, AfterValidator(check_token)] | None = Field(
        default=None,
        description="token with which clients may add silences and acknowledge alerts, sent as Authorization: Bearer; "
        "at least 16 characters (default: the API is read-only)",
    )
