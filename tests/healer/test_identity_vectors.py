"""Wycheproof's signed tokens, through the same two steps as a runner's: `key_id`, then the signature by a key of the issuer's set."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jwt
import pytest

from healer import identity
from healer.clients.jwks import _rsa_keys
from healer.errors import Rejected

VECTORS = Path(__file__).resolve().parents[1] / "wycheproof/json_web_signature.json"
WRONG_USE, PADDING = (353, 354, 355, 356), (367, 370)
GROUPS = json.loads(VECTORS.read_text())["testGroups"]


def _vectors() -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    return ((group["key"], vector) for group in GROUPS for vector in group["tests"])


def _is_accepted(key: dict[str, Any], token: str) -> bool:
    try:
        signer = _rsa_keys({"keys": [key]}).get(identity.key_id(token))
        if signer:
            identity.signed(token, signer)
    except Rejected as refused:
        assert refused.reason == "bad_identity"  # noqa: PT017 - every refusal is the same one
        return False
    return signer is not None


def test_no_invalid_vector_is_accepted() -> None:
    """None of the vectors that must not be accepted is, whatever their algorithm, and none ends in another error."""
    vectors = list(_vectors())
    assert len(vectors) == 401
    assert [
        vector["tcId"] for key, vector in vectors if _is_accepted(key, vector["jws"]) > (vector["result"] == "valid")
    ] == []


def test_every_valid_vector_of_our_kind_is_accepted() -> None:
    """A valid RS256 vector that carries something and names a key meant for RS256 is accepted; no other kind is."""
    ours = [token for key, token in _valid() if key.get("alg") == "RS256" and _carries_something_and_names(key, token)]
    assert [token for key, token in _valid() if _is_accepted(key, token)] == ours
    assert len(ours) == 7


def _valid() -> list[tuple[dict[str, Any], str]]:
    return [(key, vector["jws"]) for key, vector in _vectors() if vector["result"] == "valid"]


def _carries_something_and_names(key: dict[str, Any], token: str) -> bool:
    return jwt.get_unverified_header(token).get("kid") == key["kid"] and token.split(".")[1] != ""


def test_what_the_library_alone_accepts_is_refused() -> None:
    """PyJWT alone accepts six invalid vectors: four by keys that are not meant for it, and two that lost their padding."""
    lenient = {vector["tcId"]: vector["jws"] for key, vector in _vectors() if _only_the_library_accepts(key, vector)}
    assert list(lenient) == [*WRONG_USE, *PADDING]
    # As published, the two are letter for letter the valid vector 357; what their names speak of is padding.
    assert {lenient[number] for number in PADDING} == {v["jws"] for _, v in _vectors() if v["tcId"] == 357}
    assert [
        vector["tcId"] for key, vector in _vectors() if vector["tcId"] in lenient and _is_accepted(key, vector["jws"])
    ] == []


def _only_the_library_accepts(key: dict[str, Any], vector: dict[str, Any]) -> bool:
    try:
        parsed = jwt.PyJWK.from_dict(key)
        jwt.api_jws.decode(vector["jws"], parsed, algorithms=[parsed.algorithm_name])
    except (jwt.PyJWTError, ValueError):
        return False
    return bool(vector["result"] != "valid")


@pytest.mark.parametrize("part", [0, 1, 2])
@pytest.mark.parametrize("padding", ["=", "==", "?", " ", "#"])
def test_padding_and_foreign_characters_are_refused_in_each_part(part: int, padding: str) -> None:
    """A token of ours is refused for its form once a part is padded, or has a character that base64url lacks."""
    key, token = next((key, token) for key, token in _valid() if _is_accepted(key, token))
    parts = token.split(".")
    parts[part] += padding
    with pytest.raises(Rejected, match="malformed"):
        identity.key_id(".".join(parts))
    assert not _is_accepted(key, ".".join(parts))
