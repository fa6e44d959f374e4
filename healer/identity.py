"""Who calls from a GitHub runner: an OIDC token in, an `Identity` out, and whether it is the run that we dispatched.

The token's form is checked before any library parses it: size, exactly three parts, one spelling of each (base64url without padding, as
RFC 7515 has it). Claims as GitHub documents them ("OpenID Connect reference").
"""

import base64
import binascii
import re
from dataclasses import dataclass
from typing import Annotated, Any, Final

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from healer import strict_json
from healer.contracts import Case, GateRun
from healer.errors import Rejected

MAX_TOKEN: Final = 8192
LEEWAY_S: Final = 30
MAX_LIFE_S: Final = 3600
_PART: Final = re.compile(r"[A-Za-z0-9_-]+")
_KEY_ID: Final = re.compile(r"[\x21-\x7e]{1,128}")
GATE_WORKFLOW: Final = ".github/workflows/verify-fetch.yml"

_Text = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=512)]
_Digits = Annotated[str, StringConstraints(strict=True, pattern=r"^[1-9][0-9]{0,18}$")]
_Hex = Annotated[str, StringConstraints(strict=True, pattern=r"^[0-9a-f]{40}$")]


class Identity(BaseModel):
    """The claims that we rely on. GitHub writes all ids as JSON strings."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)

    iss: _Text
    aud: _Text
    sub: _Text
    jti: _Text
    exp: int
    iat: int
    nbf: int
    repository: _Text
    repository_id: _Digits
    repository_owner_id: _Digits
    ref: _Text
    sha: _Hex
    event_name: _Text
    run_id: _Digits
    run_attempt: _Digits
    workflow_ref: _Text
    workflow_sha: _Hex
    job_workflow_ref: _Text
    job_workflow_sha: _Hex
    runner_environment: _Text


@dataclass(frozen=True)
class Expected:
    """What holds for every run that we dispatch. Ids outlive names: whoever takes a freed name over has other ids."""

    issuer: str
    repository: str
    caller_workflow: str
    gate_repository: str
    gate_sha: str
    repository_id: int
    owner_id: int
    runner_environment: str


def _bad(why: str) -> Rejected:
    return Rejected(f"the identity token {why}.", reason="bad_identity", status=401)


def _decoded(part: str) -> bytes:
    """Undo base64url in its one spelling."""
    try:
        raw = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except (binascii.Error, ValueError):
        raise _bad("is malformed") from None
    if not _PART.fullmatch(part) or base64.urlsafe_b64encode(raw).rstrip(b"=") != part.encode("ascii"):
        raise _bad("is malformed")
    return raw


def _members(raw: bytes) -> dict[str, Any]:
    try:
        return strict_json.parse(raw)
    except Rejected:
        raise _bad("is malformed") from None


def bearer(header: str | None) -> str:
    """Give the token of an `Authorization: Bearer` header.

    Raises: Rejected (401, `bad_identity`).
    """
    scheme, _, token = (header or "").partition(" ")
    if scheme.lower() != "bearer" or not token or len(token) > MAX_TOKEN:
        raise _bad("is absent or too long")
    return token


def key_id(token: str) -> str:
    """Check a token's form and give the id of the key that it claims to be signed with.

    Raises: Rejected (401, `bad_identity`).
    """
    parts = token.split(".")
    if len(token) > MAX_TOKEN or len(parts) != 3:  # noqa: PLR2004 - header, claims, signature (RFC 7515)
        raise _bad("is malformed")
    head, _, _ = (_decoded(part) for part in parts)
    header = _members(head)
    kid = header.get("kid")
    if header.get("alg") != "RS256" or "crit" in header or not isinstance(kid, str) or not _KEY_ID.fullmatch(kid):
        raise _bad("is not signed in the way that GitHub signs")
    return kid


def _check_time(claims: Identity, now: float) -> None:
    if now >= claims.exp + LEEWAY_S:
        raise _bad("has expired")
    if max(claims.iat, claims.nbf) > now + LEEWAY_S:
        raise _bad("is not valid yet")
    if claims.exp - claims.iat > MAX_LIFE_S:
        raise _bad("is valid for too long")


def signed(token: str, key: RSAPublicKey) -> bytes:
    """Give what stands in a token whose form `key_id` has checked, if this key signed it.

    Raises: Rejected (401, `bad_identity`).
    """
    try:
        jwt.api_jws.decode(token, key, algorithms=["RS256"])
    except jwt.PyJWTError:
        raise _bad("does not hold") from None
    return _decoded(token.split(".")[1])


def verify(token: str, key: RSAPublicKey, issuer: str, audience: str, now: float) -> Identity:
    """Verify signature, issuer, audience and time (`now` in Unix seconds) of a token whose form `key_id` has checked.

    Raises: Rejected (401, `bad_identity`). Of a token with another signature nothing more is said.
    """
    try:
        claims = Identity.model_validate(_members(signed(token, key)))
    except ValidationError:
        raise _bad("does not hold") from None
    if claims.iss != issuer:
        raise _bad("is of another issuer")
    if claims.aud != audience:
        raise _bad("is for another audience")
    _check_time(claims, now)
    return claims


def _is_our_subject(claims: Identity, expected: Expected) -> bool:
    """Accept both forms of `sub`: by names, and, for repositories made since 2026-07-15, by names with ids."""
    owner, _, name = expected.repository.partition("/")
    forms = (f"repo:{owner}/{name}:", f"repo:{owner}@{expected.owner_id}/{name}@{expected.repository_id}:")
    return claims.sub.startswith(forms)


def _foreign(claims: Identity, expected: Expected) -> list[str]:
    """Name the claims that are not those of any run of ours; their values stay out, because they are the caller's words."""
    caller = f"{expected.repository}/{expected.caller_workflow}@{claims.ref}"
    gate = f"{expected.gate_repository}/{GATE_WORKFLOW}@"
    fits = {
        "sub": _is_our_subject(claims, expected),
        "repository": claims.repository == expected.repository,
        "repository_id": claims.repository_id == str(expected.repository_id),
        "repository_owner_id": claims.repository_owner_id == str(expected.owner_id),
        "event_name": claims.event_name == "workflow_dispatch",
        "workflow_ref": claims.workflow_ref == caller,
        "workflow_sha": claims.workflow_sha == claims.sha,
        "job_workflow_ref": claims.job_workflow_ref.startswith(gate),
        "job_workflow_sha": claims.job_workflow_sha == expected.gate_sha,
        "runner_environment": claims.runner_environment == expected.runner_environment,
    }
    return [name for name, fit in fits.items() if not fit]


def _differences(claims: Identity, run: GateRun, expected: Expected) -> list[str]:
    """Name the claims that are not those of the run."""
    fits = {
        "run_id": claims.run_id == str(run.run_id),
        "run_attempt": claims.run_attempt == str(run.run_attempt),
        "ref": claims.ref == run.ref,
        "sha": claims.sha == run.sha,
    }
    return [*_foreign(claims, expected), *(name for name, fit in fits.items() if not fit)]


def was_dispatched(claims: Identity, case: Case, expected: Expected) -> bool:
    """Say whether the caller is a run that we dispatched for this case (which its id led to) and that the case awaits no more.

    We dispatch first attempts; a person's re-run is none of ours.
    """
    awaits = case.awaiting is not None and claims.run_id == str(case.awaiting.run_id)
    return not awaits and claims.run_attempt == "1" and not _foreign(claims, expected)


def awaited(claims: Identity, case: Case | None, expected: Expected) -> GateRun:
    """Give the run that the caller is: the one that its case awaits, in the pinned gate, on the commit that we dispatched.

    Raises: Rejected (403, `not_our_run`) naming the claims that differ.
    """
    run = case.awaiting if case else None
    if run is None:
        raise Rejected("no case awaits this run.", reason="not_our_run", status=403)
    if wrong := _differences(claims, run, expected):
        what = f"the run differs from the one that was dispatched in: {', '.join(wrong)}."
        raise Rejected(what, reason="not_our_run", status=403)
    return run
