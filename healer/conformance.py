"""What a decryptor must do, for the tests of the package that brings it.

def test_wegocrypt():
    assert broken_rules(decryptor, [Sample("AQID…", "brightwater-main", {"username": "robot", "password": "correct-horse"})]) == []
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from pydantic import SecretStr

from healer.decryptor import Decryptor, foreign_fields
from healer.errors import Misconfigured

_SCHEME: Final = "scheme"
_OTHER_REF: Final = "another-ref"


@dataclass(frozen=True)
class Sample:
    """A value as the scheme seals it (made up, without the scheme's name), the ref that it was sealed for, and its fields."""

    sealed: str
    ref: str
    fields: Mapping[str, str]


def _opened(decryptor: Decryptor, sealed: str, ref: str) -> dict[str, str] | None:
    try:
        fields = foreign_fields({_SCHEME: decryptor}, f"{_SCHEME}.{sealed}", ref)
    except Misconfigured:
        return None
    return {name: SecretStr.get_secret_value(value) for name, value in fields.items()}


def _mutants(sealed: str) -> Iterator[tuple[str, str]]:
    """Give each text that must not open, and what was done to it."""
    for at, character in enumerate(sealed):
        other = "A" if character != "A" else "B"
        yield f"with character {at} changed", sealed[:at] + other + sealed[at + 1 :]
        yield f"cut to {at} characters", sealed[:at]
    for name, text in {
        "a letter": "A",
        "a newline": "\n",
        "a space": " ",
        "an equals sign": "=",
        "a letter ä": "ä",
    }.items():
        yield f"followed by {name}", sealed + text
        yield f"preceded by {name}", text + sealed


def _broken(decryptor: Decryptor, sample: Sample, *, bound_to_ref: bool) -> Iterator[str]:
    for time in ("once", "again"):
        if _opened(decryptor, sample.sealed, sample.ref) != sample.fields:
            yield f"does not open {time} to its fields"
    for what, mutant in _mutants(sample.sealed):
        if _opened(decryptor, mutant, sample.ref) is not None:
            yield f"opens {what}"
    if bound_to_ref and _opened(decryptor, sample.sealed, _OTHER_REF) is not None:
        yield "opens under another ref"


def broken_rules(decryptor: Decryptor, samples: Sequence[Sample], *, bound_to_ref: bool = True) -> list[str]:
    """Say which rules a decryptor breaks, by the number of the sample; nothing where it keeps all. No value is in the text.

    `bound_to_ref` False is for a scheme whose values open under any ref; whoever can write to Redis can then exchange them.
    """
    if not samples:
        return ["there is no sample"]
    return [
        f"sample {number} {what}"
        for number, sample in enumerate(samples, 1)
        for what in _broken(decryptor, sample, bound_to_ref=bound_to_ref)
    ]
