"""Rules of runner identity: GitHub's token in its one spelling, of the run that we dispatched."""

import base64
import dataclasses
import json
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given
from hypothesis import strategies as st

from factories import SHA, make_case, make_claims, make_run
from healer import identity
from healer.errors import Rejected

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
ISSUER, AUDIENCE = "https://token.actions.githubusercontent.com", "importer-healer:lease"
NOW = 1_795_514_400
EXPECTED = identity.Expected(
    issuer=ISSUER,
    repository="acme/importers",
    caller_workflow=".github/workflows/healer-gate.yml",
    gate_repository="acme/importer-healer",
    gate_sha="c" * 40,
    repository_id=74,
    owner_id=65,
    runner_environment="github-hosted",
)


def _token(headers: dict[str, Any] | None = None, **claims: Any) -> str:
    return jwt.encode(make_claims(NOW, **claims), KEY, "RS256", headers={"kid": "k1", **(headers or {})})


def _verify(token: str, now: float = NOW, audience: str = AUDIENCE) -> identity.Identity:
    identity.key_id(token)
    return identity.verify(token, KEY.public_key(), ISSUER, audience, now)


def _refused(token: str, now: float = NOW, audience: str = AUDIENCE) -> None:
    with pytest.raises(Rejected) as refused:
        _verify(token, now, audience)
    assert (refused.value.status, refused.value.reason) == (401, "bad_identity")


def _b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def test_token_of_github_is_read() -> None:
    """A token signed with the issuer's key, for our audience and in time, gives its claims."""
    assert identity.key_id(_token()) == "k1"
    assert _verify(_token()).run_id == "7001"


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer ", "Basic abc", "Bearer " + "a" * 9000])
def test_header_without_a_bearer_token_is_refused(header: str | None) -> None:
    """The token comes as `Authorization: Bearer`, of a bounded size."""
    with pytest.raises(Rejected) as refused:
        identity.bearer(header)
    assert refused.value.reason == "bad_identity"


def _with_padding(token: str) -> str:
    head, claims, signature = token.split(".")
    return f"{head}.{claims}.{signature}=="


def _with_other_last_character(token: str) -> str:
    head, claims, signature = token.split(".")
    raw = base64.urlsafe_b64decode(signature + "==")
    twins = (signature[:-1] + char for char in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
    twin = next(t for t in twins if t != signature and base64.urlsafe_b64decode(t + "==") == raw)
    return f"{head}.{claims}.{twin}"


@pytest.mark.parametrize(
    "change",
    [
        _with_padding,
        _with_other_last_character,
        lambda token: token + ".x",
        lambda token: token.rsplit(".", 1)[0],
        lambda token: token.rsplit(".", 1)[0] + ".",
        lambda token: token.replace(".", "\n."),
        lambda token: " " + token,
        lambda token: token.replace("-", "+").replace("_", "/") + "+",
        lambda token: token + "a" * 9000,
        lambda token: _b64(b'{"alg":"RS256","kid":"k1","kid":"k2"}') + token[token.index(".") :],
        lambda _: "",
        lambda _: "..",
        lambda _: "\xff.\xff.\xff",
    ],
)
def test_other_spellings_of_a_token_are_refused(change: Any) -> None:
    """Padding, other alphabets, other last bits, missing parts and duplicate members are refused before any library sees them."""
    _refused(change(_token()))


def test_other_algorithms_are_refused() -> None:
    """Only RS256 counts: not `none`, not HMAC, not another RSA scheme."""
    claims = make_claims(NOW)
    _refused(jwt.encode(claims, None, "none", headers={"kid": "k1"}))  # type: ignore[arg-type]
    _refused(jwt.encode(claims, "x" * 32, "HS256", headers={"kid": "k1"}))
    _refused(jwt.encode(claims, KEY, "PS256", headers={"kid": "k1"}))
    _refused(_token({"crit": ["b64"]}))
    _refused(_token({"kid": "k 1"}))
    _refused(jwt.encode(claims, KEY, "RS256"))


def test_signature_of_another_key_is_refused() -> None:
    """A token that somebody else signed does not hold, and neither does one with changed claims."""
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    _refused(jwt.encode(make_claims(NOW), other, "RS256", headers={"kid": "k1"}))
    head, _, signature = _token().split(".")
    _refused(f"{head}.{_b64(json.dumps(make_claims(NOW, run_id='1')).encode())}.{signature}")


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "importer-healer:report:00"},
        {"aud": [AUDIENCE]},
        {"iss": ISSUER + "/"},
        {"exp": NOW - 31},
        {"exp": NOW + 7200},
        {"iat": NOW + 31},
        {"nbf": NOW + 31},
        {"exp": None},
        {"exp": str(NOW + 300)},
        {"exp": float("inf")},
        {"run_id": 7001},
        {"sha": "A" * 40},
        {"job_workflow_sha": None},
        {"jti": ""},
    ],
)
def test_wrong_claims_are_refused(claims: dict[str, Any]) -> None:
    """Issuer, audience, times and the types of claims are those of GitHub."""
    _refused(_token(**claims))


@pytest.mark.parametrize("name", sorted(identity.Identity.model_fields))
def test_every_claim_must_be_there(name: str) -> None:
    """A token that lacks one claim is refused, whichever it is."""
    _refused(_token(**{name: None}))


@pytest.mark.parametrize(
    ("claims", "why"),
    [
        ({"aud": "importer-healer:report:00"}, "is for another audience"),
        ({"iss": "https://ghes.example/_services/token"}, "is of another issuer"),
        ({"exp": NOW - 31}, "has expired"),
        ({"nbf": NOW + 31}, "is not valid yet"),
        ({"iat": NOW + 31}, "is not valid yet"),
        ({"exp": NOW + 7200}, "is valid for too long"),
    ],
)
def test_refusal_says_which_claim_does_not_fit(claims: dict[str, Any], why: str) -> None:
    """Once the signature holds, the refusal says what else does not."""
    with pytest.raises(Rejected, match=why):
        _verify(_token(**claims))


@pytest.mark.parametrize("environment", ["github-hosted", "self-hosted"])
def test_issuer_and_runners_of_an_enterprise_server_are_settings(environment: str) -> None:
    """A GitHub Enterprise Server's own issuer, and runners of one's own, are expected where the settings say so."""
    issuer = "https://ghes.example/_services/token"
    token = _token(iss=issuer, runner_environment=environment)
    claims = identity.verify(token, KEY.public_key(), issuer, AUDIENCE, NOW)
    expected = dataclasses.replace(EXPECTED, issuer=issuer, runner_environment="self-hosted")
    case = make_case(awaiting=make_run())
    if environment == "self-hosted":
        assert identity.awaited(claims, case, expected) == case.awaiting
    else:
        with pytest.raises(Rejected, match="runner_environment"):
            identity.awaited(claims, case, expected)


_BOUND = [
    "repository", "repository_id", "repository_owner_id", "ref", "sha", "event_name", "run_id", "run_attempt",
    "workflow_ref", "workflow_sha", "job_workflow_ref", "job_workflow_sha", "runner_environment", "sub", "iss", "aud",
]  # fmt: skip


@given(name=st.sampled_from(_BOUND), position=st.integers(0, 200), char=st.sampled_from("0123456789abcdefZ/:@-. "))
def test_one_changed_character_of_one_claim_is_refused(name: str, position: int, char: str) -> None:
    """Of every claim that binds, no single character may differ, wherever it stands."""
    value = make_claims(NOW)[name]
    # What follows these marks is GitHub's to choose; the claims for ref and commit bind it.
    bound = value.rpartition("@")[0] if name == "job_workflow_ref" else value.partition(":ref:")[0]
    position %= len(bound)
    changed = value[:position] + char + value[position + 1 :]
    if changed == value:
        return
    with pytest.raises(Rejected) as refused:
        identity.awaited(_verify(_token(**{name: changed})), make_case(awaiting=make_run()), EXPECTED)
    assert refused.value.reason in {"bad_identity", "not_our_run"}


@given(st.text(max_size=60), st.text(max_size=60), st.text(max_size=60))
def test_no_token_crashes(head: str, claims: str, signature: str) -> None:
    """Whatever is sent as a token is refused as `bad_identity`."""
    _refused(f"{head}.{claims}.{signature}")


def test_run_that_we_dispatched_is_known() -> None:
    """A token whose claims are those of the awaited run is that run, with either form of `sub`."""
    case = make_case(awaiting=make_run())
    for sub in ("repo:acme/importers:ref:refs/heads/main", "repo:acme@65/importers@74:ref:refs/heads/main"):
        assert identity.awaited(_verify(_token(sub=sub)), case, EXPECTED) == case.awaiting


@pytest.mark.parametrize(
    "claims",
    [
        {"sub": "repo:acme/importers-evil:ref:refs/heads/main"},
        {"sub": "repo:acme@65x/importers:ref:refs/heads/main"},
        {"sub": "repo:acme@65/importers:ref:refs/heads/main"},
        {"sub": "repo:acme@65/importers@75:ref:refs/heads/main"},
        {"sub": "repo:acme@66/importers@74:ref:refs/heads/main"},
        {"sub": "repo:acme/importers"},
        {"repository": "evil/importers"},
        {"repository_id": "75"},
        {"repository_owner_id": "66"},
        {"event_name": "push"},
        {"event_name": "pull_request"},
        {"run_id": "7002"},
        {"run_attempt": "2"},
        {"ref": "refs/heads/heal/UTIL-101"},
        {"sha": "b" * 40},
        {"workflow_ref": "acme/importers/.github/workflows/other.yml@refs/heads/main"},
        {"workflow_sha": "b" * 40},
        {"job_workflow_ref": "acme/importers/.github/workflows/verify-fetch.yml@refs/heads/main"},
        {"job_workflow_sha": "b" * 40},
        {"runner_environment": "self-hosted"},
    ],
)
def test_each_claim_binds_by_itself(claims: dict[str, str]) -> None:
    """A token that differs from the dispatched run in one claim is refused, and the claim is named without its value."""
    ((name, value),) = claims.items()
    with pytest.raises(Rejected, match=name) as refused:
        identity.awaited(_verify(_token(**claims)), make_case(awaiting=make_run()), EXPECTED)
    assert (refused.value.status, refused.value.reason) == (403, "not_our_run")
    assert value not in str(refused.value)


def test_run_that_nobody_awaits_is_refused() -> None:
    """A run without a case, and a case that awaits nothing, get nothing."""
    for case in (None, make_case()):
        with pytest.raises(Rejected) as refused:
            identity.awaited(_verify(_token()), case, EXPECTED)
        assert refused.value.reason == "not_our_run"


def test_sha_of_the_factory_is_the_run_s() -> None:
    """The claims that these tests start from are those of the run that they are compared with."""
    assert make_claims(NOW)["sha"] == SHA == make_run().sha
