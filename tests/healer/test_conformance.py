"""Rules of the rules for decryptors: each can be broken, and is told."""

import hashlib
import json

import pytest

from healer.conformance import Sample, broken_rules

FIELDS = {"password": "correct-horse"}


def _sealed(ref: str) -> str:
    body = json.dumps(FIELDS).encode().hex()
    return f"{body}{hashlib.sha256(f'{body}{ref}'.encode()).hexdigest()}"


class _Sound:
    """A scheme that keeps all rules (and hides nothing: the rules are about refusing)."""

    def decrypt(self, sealed: str, ref: str) -> bytes:
        if sealed != _sealed(ref):
            raise ValueError
        return json.dumps(FIELDS).encode()


class _NoCheck(_Sound):
    """Reads the body and looks at nothing else."""

    def decrypt(self, sealed: str, ref: str) -> bytes:
        return bytes.fromhex(_sealed(ref)[:-64])


class _Unbound(_Sound):
    """Does not care where a value stands."""

    def decrypt(self, sealed: str, ref: str) -> bytes:
        return super().decrypt(sealed, "a-main")


class _Stripping(_Sound):
    """Passes over white space."""

    def decrypt(self, sealed: str, ref: str) -> bytes:
        return super().decrypt(sealed.strip(), ref)


class _Once(_Sound):
    """Opens a value one time."""

    used = False

    def decrypt(self, sealed: str, ref: str) -> bytes:
        if self.used:
            raise ValueError
        self.used = True
        return super().decrypt(sealed, ref)


SAMPLE = Sample(_sealed("a-main"), "a-main", FIELDS)


def test_sound_scheme_breaks_no_rule() -> None:
    """A scheme that opens only what was sealed, where it was sealed, passes."""
    assert broken_rules(_Sound(), [SAMPLE, SAMPLE]) == []


@pytest.mark.parametrize(
    ("scheme", "told"),
    [
        (_NoCheck(), "sample 1 opens with character 0 changed"),
        (_NoCheck(), "sample 1 opens cut to 0 characters"),
        (_NoCheck(), "sample 1 opens followed by a letter"),
        (_Unbound(), "sample 1 opens under another ref"),
        (_Stripping(), "sample 1 opens preceded by a newline"),
        (_Once(), "sample 1 does not open again to its fields"),
    ],
)
def test_broken_rule_is_named(scheme: _Sound, told: str) -> None:
    """Each rule that a scheme breaks is named, with the sample and without any value."""
    broken = broken_rules(scheme, [SAMPLE])
    assert told in broken
    assert "correct-horse" not in str(broken)


def test_nothing_is_proved_without_samples() -> None:
    """No sample, and fields that are not the sample's, are broken rules."""
    assert broken_rules(_Sound(), []) == ["there is no sample"]
    other = Sample(SAMPLE.sealed, "a-main", {"password": "another"})
    assert "sample 1 does not open once to its fields" in broken_rules(_Sound(), [other])
