"""Rules of the doctor's judgements: what is bad is called bad, and says what to do."""

from datetime import UTC, datetime, timedelta

import pytest

from healer import doctor
from healer.doctor import Mark, is_well
from healer.errors import Misconfigured

NOW = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
APP = dict.fromkeys(("contents", "pull_requests", "actions", "checks", "issues"), "write") | {"metadata": "read"}
WALLS = {
    "Uid": "65534\t65534\t65534\t65534",
    "CapEff": "0000000000000000",
    "CapPrm": "0000000000000000",
    "CapBnd": "0000000000000000",
    "NoNewPrivs": "1",
    "Seccomp": "2",
    "root": "read-only",
    "links": "lo",
    "pids": "128",
    "memory": "536870912",
}


@pytest.mark.parametrize(
    ("skew", "mark"), [(1, Mark.GOOD), (-4, Mark.GOOD), (6, Mark.NOTE), (31, Mark.BAD), (-31, Mark.BAD)]
)
def test_clocks_that_differ_are_told(skew, mark):
    """A clock is compared in both directions; half a minute is too much for signatures and tokens."""
    found = doctor.clock("clock", NOW, NOW + timedelta(seconds=skew))
    assert found.mark is mark
    assert bool(found.mend) is (mark is not Mark.GOOD)


@pytest.mark.parametrize("name", sorted(APP))
def test_each_permission_of_the_app_is_needed(name):
    """An App that lacks one permission, or may only read where it must write, is bad, and the finding names it."""
    lacking = {other: level for other, level in APP.items() if other != name}
    assert is_well(doctor.app_permissions(APP, commands=False))
    (found,) = doctor.app_permissions(lacking, commands=False)
    assert (found.mark, name in found.says) == (Mark.BAD, True)


def test_app_that_could_change_the_gate_is_bad():
    """The permission to write workflow files is too much, and members are needed where comments command."""
    assert not is_well(doctor.app_permissions({**APP, "workflows": "write"}, commands=False))
    assert not is_well(doctor.app_permissions(APP, commands=True))
    assert is_well(doctor.app_permissions({**APP, "members": "read"}, commands=True))


@pytest.mark.parametrize("name", doctor.JIRA_PERMISSIONS)
def test_each_permission_in_jira_is_needed(name):
    """An account that lacks one is bad, whether JIRA says no or nothing."""
    have = dict.fromkeys(doctor.JIRA_PERMISSIONS, True)
    assert doctor.jira_permissions(have).mark is Mark.GOOD
    assert name in doctor.jira_permissions({**have, name: False}).says
    assert doctor.jira_permissions({other: True for other in have if other != name}).mark is Mark.BAD


@pytest.mark.parametrize(
    ("fact", "value"),
    [
        ("Uid", "0\t0\t0\t0"),
        ("CapEff", "00000000a80425fb"),
        ("CapBnd", "00000000a80425fb"),
        ("NoNewPrivs", "0"),
        ("Seccomp", "0"),
        ("root", "writable"),
        ("links", "eth0 lo"),
        ("pids", "max"),
        ("memory", "9223372036854771712"),
    ],
)
def test_each_wall_that_is_not_there_is_told(fact, value):
    """A container whose options the engine did not apply is bad; so is a fact that it did not tell."""
    assert is_well(doctor.hardening(WALLS))
    assert not is_well(doctor.hardening({**WALLS, fact: value}))
    assert not is_well(doctor.hardening({name: told for name, told in WALLS.items() if name != fact}))


def test_deployments_must_be_there_served_and_not_paused():
    """Each of the three is a finding of its own, by name."""
    served = dict.fromkeys(doctor.DEPLOYMENTS, (False, True))
    assert is_well(doctor.deployments(served))
    for wrong in ({**served, "heal": (True, True)}, {**served, "heal": (False, False)}):
        assert "heal" in next(iter(doctor.deployments(wrong))).says
    del served["sweep"]
    assert "sweep" in next(iter(doctor.deployments(served))).says


@pytest.mark.parametrize(("minutes", "mark"), [(1, Mark.GOOD), (11, Mark.BAD), (None, Mark.BAD)])
def test_reconcile_must_have_ended_lately(minutes, mark):
    """What starts lost work again must itself run."""
    last = None if minutes is None else NOW - timedelta(minutes=minutes)
    assert doctor.rounds(last, NOW).mark is mark


def test_old_keys_and_other_versions_are_told():
    """A key older than a year is worth a look; a server of another minor version is bad."""
    assert doctor.age("key", NOW - timedelta(days=366), NOW, "rotate").mark is Mark.NOTE
    assert doctor.age("key", NOW - timedelta(days=30), NOW, "rotate").mark is Mark.GOOD
    assert doctor.version("Prefect", "3.8.1", "3.8.8").mark is Mark.GOOD
    assert doctor.version("Prefect", "3.9.1", "3.8.8").mark is Mark.BAD


def test_error_is_a_finding_with_its_remedy():
    """What an examination dies of is told as it would be told elsewhere."""
    found = doctor.failed("vault", Misconfigured("it does not open.", reason="unsealable", remedy="Give the key."))
    assert (found.mark, found.says, found.mend) == (Mark.BAD, "it does not open.", "Give the key.")
