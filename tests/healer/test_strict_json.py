"""Rules for reading JSON from strangers."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from healer import strict_json
from healer.errors import Rejected


def _reason(body: bytes) -> str:
    with pytest.raises(Rejected) as refused:
        strict_json.parse(body)
    assert refused.value.status == 422
    return refused.value.reason


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b'"x"',
        b"{",
        b'{"a":1}x',
        b'{"a":1,"a":1}',
        b'{"a":{"b":1,"b":2}}',
        b'{"a":NaN}',
        b'{"a":-Infinity}',
        b'{"a":1e999}',
        b'{"a":' + b"9" * 5000 + b"}",
        b'{"a":18446744073709551616}',
        b'{"a":0.' + b"1" * 60 + b"}",
        b'{"a":"\\ud800"}',
        b'{"\\udfff":1}',
        b'{"a":"\\u0000"}',
        b'{"a":"\x00"}',
        b'\xef\xbb\xbf{"a":1}',
        b'{"a":"\xff"}',
        '{"a":1}'.encode("utf-16"),
        b'{"a":' * 33 + b"1" + b"}" * 33,
        b"[" * 200_000,
        b'{"a":' * 200_000,
    ],
)
def test_ambiguous_json_is_refused(body: bytes) -> None:
    """What two readers could read differently, or what could exhaust one, is refused as `bad_body`."""
    assert _reason(body) == "bad_body"


def test_plain_object_is_read() -> None:
    """An ordinary object comes back as it was meant, half characters joined."""
    body = b'{"a":[1,-2.5,true,null,"\\ud83d\\ude00"],"b":{"c":"\xc3\xbc"}}'
    assert strict_json.parse(body) == {"a": [1, -2.5, True, None, "😀"], "b": {"c": "ü"}}


@given(st.binary(max_size=200))
def test_no_bytes_crash(body: bytes) -> None:
    """Whatever arrives is an object or a refusal."""
    try:
        document = strict_json.parse(body)
    except Rejected:
        document = {}
    assert isinstance(document, dict)


_TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))


@given(
    st.dictionaries(
        _TEXT,
        st.recursive(_TEXT | st.booleans() | st.none() | st.integers(-(2**63), 2**64 - 1), st.lists, max_leaves=8),
    )
)
def test_well_formed_objects_pass(document: dict[str, object]) -> None:
    """Every object without the refused things passes unchanged."""
    assert strict_json.parse(json.dumps(document).encode()) == document
