"""Rules of reading what plain Fernet sealed."""

import pytest
from cryptography.fernet import Fernet, InvalidToken
from pydantic import SecretStr

from healer.conformance import Sample, broken_rules
from healer.fernet import make

OLD, NEW = "b2xkb2xkb2xkb2xkb2xkb2xkb2xkb2xkb2xkb2xkb2w=", "bmV3bmV3bmV3bmV3bmV3bmV3bmV3bmV3bmV3bmV3bmU="
TOKEN = Fernet(OLD).encrypt(b'{"password": "correct-horse"}').decode()
SAMPLE = Sample(TOKEN, "brightwater-main", {"password": "correct-horse"})


def test_fernet_keeps_the_rules_of_decryptors() -> None:
    """A token of any of the keys opens to its fields, and no changed, cut or otherwise spelled one does."""
    assert broken_rules(make([SecretStr(NEW), SecretStr(OLD)]), [SAMPLE], bound_to_ref=False) == []


def test_fernet_binds_nothing_to_a_ref() -> None:
    """A token opens under any ref: the rule that this reader cannot keep, which is why tokens are re-sealed."""
    assert broken_rules(make([SecretStr(OLD)]), [SAMPLE]) == ["sample 1 opens under another ref"]


def test_token_of_another_key_is_refused() -> None:
    """A token of a key that is not in the list does not open; without a key there is no reader."""
    with pytest.raises(InvalidToken):
        make([SecretStr(NEW)]).decrypt(TOKEN, "brightwater-main")
    with pytest.raises(ValueError, match="at least one"):
        make([])
