"""Rules of a credential's fields."""

import pytest

from factories import make_importer
from healer.contracts import GateMode
from healer.credential import read_fields, refs_for, variables
from healer.errors import Rejected


def test_fields_become_the_variables_of_a_fetch() -> None:
    """Each field becomes `PORTAL_<FIELD>`, and its value stays a secret."""
    env = variables(read_fields({"username": "robot", "client_number": "77-ä"}))
    assert {name: value.get_secret_value() for name, value in env.items()} == {
        "PORTAL_USERNAME": "robot",
        "PORTAL_CLIENT_NUMBER": "77-ä",
    }
    assert "robot" not in repr(env)


@pytest.mark.parametrize(
    "members",
    [
        {},
        {"url": "x"},
        {"Password": "x"},
        {"1st": "x"},
        {"a-b": "x"},
        {"pw": ""},
        {"pw": None},
        {"pw": "a\0b"},
        {"pw": "x" * 5000},
    ],
)
def test_other_fields_are_refused_without_their_values(members: dict[str, object]) -> None:
    """A name that no variable can have, the portal's own address, and values that are no plain text are refused."""
    with pytest.raises(Rejected) as refused:
        read_fields(members)
    assert refused.value.reason == "bad_credential"
    assert "xxx" not in str(refused.value)


def test_probe_needs_no_login() -> None:
    """A diagnosis and a verification need the importer's credentials, a probe none."""
    importer = make_importer(credentials=("a-main", "b-main"))
    assert refs_for(GateMode.PROBE, importer) == ()
    assert refs_for(GateMode.DIAGNOSE, importer) == refs_for(GateMode.VERIFY, importer) == ("a-main", "b-main")
