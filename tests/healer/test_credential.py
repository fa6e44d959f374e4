"""Rules of a credential's fields."""

import pytest
from pydantic import SecretStr

from factories import make_importer, make_run
from healer.contracts import GateMode
from healer.credential import check_rotation, chosen, debits, findings, read_fields, refs_for, repetitions, variables
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


def test_a_second_login_is_for_verification() -> None:
    """The base is fetched with the first login, a change also with a second one, never with more; what only adds a field comes always."""
    refs = ("a-main", "a-pin", "b-main", "c-main")
    names = {"a-main": ("username", "password"), "a-pin": ("pin",), "b-main": ("username",), "c-main": ("password",)}
    assert chosen(GateMode.DIAGNOSE, refs, names) == ("a-main", "a-pin")
    assert chosen(GateMode.VERIFY, refs, names) == ("a-main", "a-pin", "b-main")
    assert chosen(GateMode.PROBE, (), {}) == ()


def test_the_base_beside_a_head_is_a_login_more() -> None:
    """A run that fetches with the base too makes a diagnosis' login besides; a second login is for the head alone."""
    importer, refs = make_importer(repetitions=2), ("a-main", "a-pin", "b-main")
    names = {"a-main": ("username", "password"), "a-pin": ("pin",), "b-main": ("username",)}
    alone, both = make_run(mode=GateMode.VERIFY), make_run(mode=GateMode.VERIFY, base_sha="a" * 40)
    assert debits(alone, importer, refs, names) == {"a-main": 2, "a-pin": 2, "b-main": 2}
    assert debits(both, importer, refs, names) == {"a-main": 3, "a-pin": 3, "b-main": 2}
    assert debits(make_run(mode=GateMode.DIAGNOSE), importer, refs, names) == {"a-main": 1, "a-pin": 1}


def test_only_a_change_is_fetched_again() -> None:
    """Repetitions are for verification."""
    importer = make_importer(repetitions=3)
    assert [repetitions(mode, importer) for mode in GateMode] == [1, 3, 1]


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("correct-horse", []),
        ("12", ["masked"]),
        ("password", ["masked"]),
        ("correct-horse\n", ["white space", "seen"]),
        (" correct-horse", ["white space"]),
        ("correct\u200b-horse", ["seen"]),
    ],
)
def test_what_speaks_against_a_value_is_told_without_it(value: str, words: list[str]) -> None:
    """A value that cannot be masked, that white space surrounds, or that holds what nobody sees is told, without being shown."""
    (against,) = findings({"pin": SecretStr(value)}).values()
    assert len(against) == len(words)
    assert all(word in told for word, told in zip(words, against, strict=True))
    assert value.strip() not in "".join(against).split()


def test_rotation_is_another_value_of_the_same_fields() -> None:
    """Other names, and values that are all the same, are no rotation; one changed value is."""
    old = read_fields({"username": "robot", "password": "correct-horse"})
    check_rotation(old, {**old, "password": SecretStr("battery-staple")})
    for new in (old, {"password": SecretStr("battery-staple")}, {**old, "pin": SecretStr("4711-0815")}):
        with pytest.raises(Rejected) as refused:
            check_rotation(old, new)
        assert "battery" not in str(refused.value)
