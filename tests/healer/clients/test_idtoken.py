"""GitHub's OIDC provider as a job reaches it."""

import httpx
import pytest
import respx
from pydantic import SecretStr

from healer.clients.idtoken import IdTokens
from healer.errors import UpstreamError
from loopback import NO_TLS

URL = "https://pipelines.example/oidc?api-version=2.0"


@pytest.fixture
def tokens():
    with httpx.Client(verify=NO_TLS) as http:
        yield IdTokens(URL, SecretStr("request-token"), http)


@respx.mock
def test_a_token_is_asked_for_as_github_documents_it(tokens):
    """The audience joins the given query, the request token is the bearer."""
    route = respx.get(URL, params={"audience": "importer-healer:report:ab"}).respond(json={"value": "jwt"})
    assert tokens.token("importer-healer:report:ab").get_secret_value() == "jwt"
    request = route.calls.last.request
    assert request.headers["authorization"] == "bearer request-token"
    assert request.url.params["api-version"] == "2.0"


@respx.mock
def test_a_hiccup_passes(tokens):
    """A 5xx is tried again."""
    route = respx.get(url__startswith="https://pipelines.example/oidc")
    route.side_effect = [httpx.Response(502), httpx.Response(200, json={"value": "jwt"})]
    assert tokens.token("a").get_secret_value() == "jwt"


@respx.mock
def test_a_refusal_is_final_and_names_the_permission(tokens):
    """A 4xx raises at once, says what the job lacks, and repeats neither address nor token."""
    route = respx.get(url__startswith="https://pipelines.example/oidc").respond(403)
    with pytest.raises(UpstreamError, match="id-token: write") as caught:
        tokens.token("a")
    assert route.call_count == 1
    assert "pipelines" not in str(caught.value)
    assert "request-token" not in str(caught.value)
