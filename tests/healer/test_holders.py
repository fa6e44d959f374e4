"""Rules about who may hold which secret in an environment."""

import pytest

from healer.holders import to_search

SETTINGS = ("HEALER_VAULT_KEYS", "HEALER_JIRA_TOKEN")
ENVIRON = b"PATH=/bin\0HEALER_VAULT_KEYS=key-of-the-vault\0PORTAL_PASSWORD=of-the-portal\0COPY=key-of-the-vault\0"


def searched(*argv, uid=0, environ=ENVIRON):
    return to_search(argv, uid, environ, SETTINGS)


@pytest.mark.parametrize(
    "argv",
    [
        ("/opt/python", "/opt/bin/healer-runner", "--limit", "4"),
        ("/opt/python", "/opt/bin/uvicorn", "--factory", "api.main:app"),
        ("/opt/python", "-m", "prefect.engine"),
        ("/opt/python", "-c", "from multiprocessing.forkserver import main; main()"),
    ],
)
def test_our_programs_hold_their_settings(argv):
    """A program of ours may hold the secrets of its settings, under their own names only, and no portal's login."""
    rest = searched(*argv)
    assert b"HEALER_VAULT_KEYS" not in rest
    assert b"COPY=key-of-the-vault" in rest
    assert b"PORTAL_PASSWORD=of-the-portal" in rest


@pytest.mark.parametrize(
    "argv",
    [
        ("bash",),
        ("claude", "-p", "explain healer please"),
        ("docker", "run", "x"),
        ("cat", "a", "b", "c", "d", "healer"),
    ],
)
def test_others_hold_nothing(argv):
    """Whoever is no program of ours is searched whole: an agent or a shell that was handed a setting leaks it."""
    assert searched(*argv) == ENVIRON


def test_git_holds_its_login_header_alone():
    """Git may hold the header that logs it in, and no setting."""
    environ = b"GIT_CONFIG_VALUE_7=Authorization: Basic xyz\0HEALER_VAULT_KEYS=k"
    assert searched("git", "fetch", environ=environ) == b"HEALER_VAULT_KEYS=k"


def test_the_fetch_holds_the_login():
    """A portal's login may be in the environment of the fetch as the gate's user; the same command as anybody else may not hold it."""
    argv = ("ruby", "/usr/bin/rake", "fetch[brightwater]")
    assert b"PORTAL_PASSWORD" not in searched(*argv, uid=65534)
    assert b"PORTAL_PASSWORD" in searched(*argv, uid=0)
