"""Rules of values that other schemes sealed."""

import pytest

from healer.decryptor import foreign_fields, scheme_of
from healer.envelope import unsealable
from healer.errors import Misconfigured


class _Said:
    """A decryptor of somebody else that gives, or raises, what it is told."""

    def __init__(self, answer: bytes | Exception) -> None:
        self._answer = answer

    def decrypt(self, sealed: str, ref: str) -> bytes:
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer


def test_value_is_read_by_the_scheme_that_it_names() -> None:
    """The text before the first dot chooses the decryptor; fields come back as secrets."""
    assert [scheme_of(text) for text in ("wego1.x", "fernet.a.b", "plain")] == ["wego1", "fernet", "plain"]
    fields = foreign_fields({"x": _Said(b'{"pin": "4711"}'), "y": _Said(b"{}")}, "x.abc", "a")
    assert fields["pin"].get_secret_value() == "4711"


@pytest.mark.parametrize(
    "answer",
    [
        RuntimeError("the key is hunter22"),
        b"",
        b"[]",
        b"{}",
        b'"hunter22"',
        b"\xff",
        b'{"pin": 1}',
        b'{"pin": "hunter22", "pin": "b"}',
        b'{"URL": "hunter22"}',
    ],
)
def test_whatever_goes_wrong_is_told_in_one_sentence(answer: bytes | Exception) -> None:
    """A raising decryptor, one that gives no credential, and a scheme that nobody reads end alike, without a word of the cause."""
    with pytest.raises(Misconfigured) as refused:
        foreign_fields({"x": _Said(answer)}, "x.abc", "a")
    with pytest.raises(Misconfigured) as unknown:
        foreign_fields({}, "x.abc", "a")
    assert str(refused.value) == str(unknown.value) == str(unsealable())
    assert refused.value.__cause__ is None
    assert refused.value.__suppress_context__
