"""How kmon logs in by SASL: kafka-python's options for each mechanism, with secrets and tokens as they are now."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from monitor.kafka.client import tokens
from monitor.settings.errors import SettingsError
from monitor.settings.security import SecuritySettings, text_of
from monitor.settings.tls import authorities

MSK_HOST = re.compile(r"\.kafka(?:-serverless)?\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?(?::\d+)?$", re.IGNORECASE)
MSK_MISSING = "sasl_mechanism AWS_MSK_IAM needs a package: pip install 'kmon-kafka[msk]'"


def sasl_options(security: SecuritySettings, servers: Sequence[str]) -> dict[str, Any]:
    """kafka-python's options that begin with sasl_. Raises SettingsError when a file or package cannot be used."""
    mechanism = security.sasl_mechanism
    if mechanism in ("OAUTHBEARER", "AWS_MSK_IAM"):
        fetch = _fetcher(security, servers)
        provider = tokens.TokenProvider(fetch, security.oauth_extensions)
        # MSK takes its signed requests as tokens, too.
        return {"sasl_mechanism": "OAUTHBEARER", "sasl_oauth_token_provider": provider}
    assert security.username is not None
    assert security.password is not None
    name = security.username
    if mechanism != "PLAIN":
        # RFC 5802's saslname, which kafka-python leaves to its caller.
        name = name.replace("=", "=3D").replace(",", "=2C")
    return {
        "sasl_mechanism": mechanism,
        "sasl_plain_username": name,
        "sasl_plain_password": text_of(security.password),
    }


def _fetcher(security: SecuritySettings, servers: Sequence[str]) -> tokens.Fetch:
    if security.sasl_mechanism == "AWS_MSK_IAM":
        region = security.aws_region or next((match[1] for match in map(MSK_HOST.search, servers) if match), None)
        if region is None:
            raise SettingsError("aws_region is missing, and the bootstrap_servers do not have the names of MSK brokers")
        try:
            return tokens.msk_signer(region.lower())
        except ImportError:
            raise SettingsError(MSK_MISSING) from None
    if security.oauth_token_file is not None:
        return tokens.FromFile(Path(security.oauth_token_file))
    assert security.oauth_token_endpoint is not None
    assert security.oauth_client_id is not None
    assert security.oauth_client_secret is not None
    return tokens.FromEndpoint(
        security.oauth_token_endpoint,
        security.oauth_client_id,
        text_of(security.oauth_client_secret),
        security.oauth_scope,
        authorities(security.oauth_cafile) if security.oauth_token_endpoint.startswith("https:") else None,
    )
