"""Settings of the heartbeat: a URL that is requested while alerting works, for a dead man's switch."""

from typing import Annotated, Literal, Self

from pydantic import Field, ValidationError, model_validator

from monitor.settings.receivers import ReceiverSettings, wrong_key
from monitor.settings.values import Duration, FilePath, Frozen, Secret

HEARTBEAT = "heartbeat"
"""The name of the heartbeat in metrics and log lines, where receivers have theirs."""


class HeartbeatSettings(Frozen):
    """A URL that kmon requests again and again while it evaluates the rules on every cluster without errors."""

    url: Secret | None = Field(
        default=None,
        description="URL to request, e.g. https://hc-ping.com/UUID; a secret, because such URLs contain tokens "
        "(default: no heartbeat)",
    )
    interval_seconds: Annotated[Duration, Field(ge=1, le=86_400)] = Field(
        default=60.0, description="time between two requests"
    )
    method: Literal["GET", "POST"] = Field(default="POST", description="HTTP method of the requests")
    timeout_seconds: Annotated[Duration, Field(ge=0.1, le=300)] = Field(
        default=10.0, description="longest time to wait for a response"
    )
    bearer_token: Secret | None = Field(default=None, description="token to send as Authorization: Bearer")
    ssl_cafile: FilePath | None = Field(
        default=None, description="PEM file of the CAs that sign the server's certificate (default: the system's)"
    )

    @model_validator(mode="after")
    def _fits(self) -> Self:
        """The URL is one that receivers may have."""
        if self.url is not None:
            try:
                _ = self.connection
            except ValidationError as error:
                raise wrong_key("url", error.errors()[0]["ctx"]["problem"]) from None
        return self

    @property
    def connection(self) -> ReceiverSettings:
        """How it is connected to, as that of a receiver."""
        return ReceiverSettings(
            name=HEARTBEAT,
            type="webhook",
            url=self.url,
            timeout_seconds=self.timeout_seconds,
            bearer_token=self.bearer_token,
            ssl_cafile=self.ssl_cafile,
        )
