"""The gateway as a runner reaches it."""

import base64
import hashlib

import httpx
import pytest
import respx
from pydantic import SecretStr

from factories import NOW, make_importer
from healer.clients.gateway import LEASE_AUDIENCE, REPORT_AUDIENCE, Gateway
from healer.contracts import GateMode, LeaseGrant
from healer.errors import Rejected, UpstreamError
from loopback import NO_TLS

URL = "https://healer.example"
TOKEN = SecretStr("the-token-of-this-run")
KEY = b"k" * 32


@pytest.fixture
def gateway():
    with httpx.Client(verify=NO_TLS) as http:
        yield Gateway(URL + "/", http)


@pytest.fixture
def wire():
    with respx.mock(base_url=URL) as router:
        yield router


def make_grant(**fields):
    return LeaseGrant(
        **{
            "lease": "lease-1",
            "case": "UTIL-101",
            "attempt": 1,
            "mode": GateMode.VERIFY,
            "importer": make_importer(),
            "refs": ("brightwater-main", "brightwater-pin"),
            "expires_at": NOW,
            **fields,
        }
    )


def lease(env=None, **fields):
    env = {"brightwater-main": {"PORTAL_USERNAME": "mira", "PORTAL_PASSWORD": "pw"}} if env is None else env
    grant = make_grant().model_dump(mode="json")
    body = {"grant": grant, "env": env, "trace_key": base64.b64encode(KEY).decode(), **fields}
    return httpx.Response(200, json=body)


def refusal(status, reason):
    return httpx.Response(status, json={"type": "about:blank", "status": status, "reason": reason})


def test_a_lease_is_the_grant_the_login_and_the_key(gateway, wire):
    """The answer is read into its three parts, and the token goes in the header alone."""
    route = wire.post("/v1/leases").mock(return_value=lease())
    given = gateway.lease(TOKEN)
    assert given.grant == make_grant()
    assert [plain(login) for login in given.logins] == [{"PORTAL_USERNAME": "mira", "PORTAL_PASSWORD": "pw"}]
    assert given.trace_key.get_secret_value() == KEY
    request = route.calls.last.request
    assert request.headers["authorization"] == "Bearer the-token-of-this-run"
    assert b"token-of" not in request.content
    assert "token" not in str(request.url)


def plain(login):
    return {name: value.get_secret_value() for name, value in login.items()}


def test_a_ref_adds_to_a_login_or_is_one(gateway, wire):
    """A ref with a variable of the first one is a login of its own, whatever else it brings; any other adds to each login."""
    first, second, pin = {"PORTAL_PASSWORD": "a"}, {"PORTAL_PASSWORD": "b", "PORTAL_CODE": "7"}, {"PORTAL_PIN": "1"}
    env = {"brightwater-pin": pin, "brightwater-main": first, "brightwater-second": second}
    grant = make_grant(refs=("brightwater-main", "brightwater-pin", "brightwater-second")).model_dump(mode="json")
    wire.post("/v1/leases").mock(return_value=lease(env, grant=grant))
    assert [plain(login) for login in gateway.lease(TOKEN).logins] == [{**first, **pin}, {**second, **pin}]


@pytest.mark.parametrize("name", ["PATH", "PORTAL_URL", "portal_x", "PORTAL_X;id", "LD_PRELOAD", "PORTAL_A=B", ""])
def test_only_portal_variables_are_taken(gateway, wire, name):
    """A variable of another name than PORTAL_…, or the portal's address, makes the lease unusable."""
    wire.post("/v1/leases").mock(return_value=lease({"brightwater-main": {name: "secret-value"}}))
    with pytest.raises(UpstreamError) as caught:
        gateway.lease(TOKEN)
    assert "secret-value" not in str(caught.value)


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(200, text="no json"),
        httpx.Response(200, json=[]),
        httpx.Response(200, json={"grant": {}, "env": {}, "trace_key": ""}),
        lease(trace_key="not base64!"),
        lease({"brightwater-main": {"PORTAL_PASSWORD": 7}}),
        lease({"brightwater-main": {"PORTAL_PASSWORD": "a\0b"}}),
        lease({"brightwater-main": "PORTAL_PASSWORD"}),
    ],
)
def test_a_lease_that_is_not_as_agreed_is_an_error(gateway, wire, answer):
    """A 200 of another form raises an UpstreamError, and is not asked for again: the lease is used."""
    route = wire.post("/v1/leases").mock(return_value=answer)
    with pytest.raises(UpstreamError, match="not as agreed"):
        gateway.lease(TOKEN)
    assert route.call_count == 1


@pytest.mark.parametrize(
    ("status", "reason"),
    [(401, "bad_identity"), (409, "lease_used"), (429, "login_ceiling"), (404, "credential_missing")],
)
def test_a_refusal_is_final_and_keeps_its_reason(gateway, wire, status, reason):
    """A 4xx raises Rejected with the gateway's reason after one try."""
    route = wire.post("/v1/leases").mock(return_value=refusal(status, reason))
    with pytest.raises(Rejected) as caught:
        gateway.lease(TOKEN)
    assert (caught.value.reason, caught.value.status, route.call_count) == (reason, status, 1)


def test_a_reason_that_is_no_word_is_unknown(gateway, wire):
    """Foreign text of a refusal is not repeated."""
    wire.post("/v1/leases").mock(return_value=refusal(403, "<script>::error::"))
    with pytest.raises(Rejected) as caught:
        gateway.lease(TOKEN)
    assert caught.value.reason == "unknown"


def test_a_run_that_is_not_yet_recorded_asks_again(gateway, wire):
    """`not_our_run` passes when the dispatcher has written the run down."""
    route = wire.post("/v1/leases")
    route.side_effect = [refusal(403, "not_our_run"), refusal(403, "not_our_run"), lease()]
    assert gateway.lease(TOKEN).grant.case == "UTIL-101"


def test_an_outage_passes(gateway, wire):
    """A 503 and a lost connection are tried again; the body and token stay the same."""
    route = wire.post("/v1/gate/reports")
    route.side_effect = [refusal(503, "unavailable"), httpx.Response(202, json={})]
    gateway.report(b"{}", TOKEN)
    assert [call.request.content for call in route.calls] == [b"{}", b"{}"]


def test_audiences_are_those_of_the_specification():
    """A token for a lease is no token for a report, and a report's names its body."""
    assert LEASE_AUDIENCE == "importer-healer:lease"
    digest = hashlib.sha256(b"{}").hexdigest()
    assert REPORT_AUDIENCE + digest == f"importer-healer:report:{digest}"
