"""Rules of `healer credential`, as an operator types it."""

import base64
import json
import os
import pty
import re
import select
import subprocess
import sys
import time
from pathlib import Path

import pytest
import redis
from cryptography.fernet import Fernet

from desk import VAULT_KEYS, Desk

REF, FIELDS = "brightwater-main", {"username": "robot-77", "password": "correct-horse"}
STDIN = json.dumps(FIELDS)
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def filled(healer: Desk) -> Desk:
    """Give a desk whose vault holds one credential."""
    assert healer("credential", "put", REF, stdin=STDIN)[0] == 0
    return healer


def test_credential_goes_in_by_standard_input_and_is_never_shown(healer: Desk) -> None:
    """`credential put` reads fields from standard input; `credential list` shows ref and key, and no value."""
    assert (
        healer("credential", "put", "brightwater-main", stdin='{"username": "robot-77", "password": "correct-horse"}')[
            0
        ]
        == 0
    )
    code, out, err = healer("credential", "list")
    assert code == 0
    assert "brightwater-main" in out
    assert "k1" in out
    assert "robot-77" not in out + err
    assert "correct-horse" not in out + err


@pytest.fixture
def closed_ref(redis_url: str) -> str:
    """Give a credentialRef whose login a portal refused."""
    with redis.Redis.from_url(redis_url) as store:
        store.hset("healer:closed:brightwater-main", mapping={"at": 1.5, "why": "refused", "by": "UTIL-101"})
    return "brightwater-main"


def test_closed_login_is_opened_by_a_person(healer: Desk, closed_ref: str) -> None:
    """`credential open` releases a refused login again; what is open stays so, and the command says which it was."""
    assert healer("credential", "open", closed_ref) == (0, "", f"{closed_ref}: open again\n")
    assert healer("credential", "open", closed_ref) == (0, "", f"{closed_ref}: was not closed\n")


def test_new_value_opens_a_closed_login(healer: Desk, closed_ref: str) -> None:
    """`credential put` is the new value that a refused login waits for."""
    assert healer("credential", "put", closed_ref, stdin='{"password": "correct-horse"}')[0] == 0
    assert healer("credential", "open", closed_ref)[2] == f"{closed_ref}: was not closed\n"


@pytest.mark.parametrize(
    "stdin", ["", "x", "[]", "{}", '{"URL": "x"}', '{"url": "http://x"}', '{"password": 1}', '{"password": ""}']
)
def test_malformed_credential_is_refused(healer: Desk, stdin: str) -> None:
    """A credential is a JSON object of non-empty texts under lower-case names other than `url`."""
    code, _, err = healer("credential", "put", "brightwater-main", stdin=stdin)
    assert code == 1
    assert "bad_credential" in err
    assert healer("credential", "list")[1] == ""


def test_value_that_cannot_be_masked_is_told(healer: Desk) -> None:
    """A value too short or too common to be searched for in logs is stored, with a warning that does not show it."""
    code, _, err = healer("credential", "put", "brightwater-main", stdin='{"pin": "4711", "password": "correct-horse"}')
    assert code == 0
    assert "pin is too short" in err
    assert "4711" not in err
    assert "password is" not in err


def test_list_tells_all_but_values(filled: Desk, redis_url: str) -> None:
    """A line tells ref, key, number and age of the value, last lease, and logins used of the ceiling; no value."""
    assert re.fullmatch(
        rf"{REF} +key k1 +value 1 put 0 min ago  0 logins in 24 h, no lease yet\n", filled("credential", "list")[1]
    )
    with redis.Redis.from_url(redis_url) as store:
        lease = {
            "leased_at": time.time() - 7300,
            "ceiling": 6,
            "window": 86400,
            "cooloff": 900,
            "put_at": time.time() - 200000,
        }
        store.hset(f"healer:vault:{REF}", mapping=lease)  # type: ignore[arg-type]
        store.zadd(f"healer:logins:{REF}", {"1:1": time.time() - 7300})
    out = filled("credential", "list")[1]
    assert re.fullmatch(rf"{REF} +key k1 +value 1 put 2 d ago  last lease 2 h ago  1 of 6 used\n", out)


def test_get_shows_names_alone(filled: Desk) -> None:
    """`get` prints the fields' names; a ref that the vault lacks ends with 1."""
    assert filled("credential", "get", REF) == (0, "username\npassword\n", "")
    code, _, err = filled("credential", "get", "other")
    assert (code, "credential_missing" in err) == (1, True)


def test_values_are_revealed_on_a_terminal_and_recorded(filled: Desk) -> None:
    """`get --reveal` prints the values where standard output is a terminal; each time is recorded with the person."""
    assert json.loads(filled("credential", "get", REF, "--reveal", screen=True)[1]) == FIELDS
    told = filled("credential", "get", REF)[2]
    assert re.fullmatch(r"revealed \d{4}-\d\d-\d\d \d\d:\d\d UTC to \S+@\S+: username, password\n", told)


def test_values_do_not_flow_into_a_pipe_by_accident(filled: Desk) -> None:
    """Into a pipe or a file `--reveal` prints nothing, records nothing and ends with 2; `--force` prints what `put` reads."""
    code, out, err = filled("credential", "get", REF, "--reveal")
    assert (code, out, "correct-horse" in err) == (2, "", False)
    assert "revealed" not in filled("credential", "get", REF)[2]
    out = filled("credential", "get", REF, "--reveal", "--force")[1]
    assert filled("credential", "put", "a-copy", stdin=out)[0] == 0
    assert json.loads(filled("credential", "get", "a-copy", "--reveal", screen=True)[1]) == FIELDS


def test_nothing_is_revealed_that_cannot_be_recorded(filled: Desk, redis_url: str) -> None:
    """Where the record cannot be written, no value is shown."""
    with redis.Redis.from_url(redis_url) as store:
        store.set("healer:reveals", "not a stream")
    code, out, err = filled("credential", "get", REF, "--reveal", screen=True)
    assert (code, out, "redis_unavailable" in err) == (1, "", True)


def test_value_that_steers_a_terminal_is_escaped(healer: Desk) -> None:
    """Control characters in a value are shown as escapes."""
    healer("credential", "put", REF, stdin=json.dumps({"password": "a\x9b31mb\u202e-correct"}))
    assert "\\u009b31mb\\u202e" in healer("credential", "get", REF, "--reveal", screen=True)[1]


def test_rotation_takes_the_same_fields(filled: Desk) -> None:
    """`rotate` takes new values of the fields that are there; other fields, the old values and unknown refs end with 1."""
    new = json.dumps({**FIELDS, "password": "battery-staple"})
    assert filled("credential", "rotate", REF, stdin=new) == (0, "", f"{REF}: username, password rotated, value 2\n")
    for ref, stdin, reason in (
        (REF, new, "bad_credential"),
        (REF, '{"pin": "4711-0815"}', "bad_credential"),
        ("x", new, "credential_missing"),
    ):
        code, _, err = filled("credential", "rotate", ref, stdin=stdin)
        assert (code, reason in err, "4711" in err) == (1, True, False)


def test_credential_expires_when_it_is_told(filled: Desk) -> None:
    """`expire` ends a credential at a time, after a span, or at once, and says which."""
    assert "opens until 2199-12-31 18:00 UTC" in filled("credential", "expire", REF, "--at", "2199-12-31T18:00")[2]
    assert "until 2199-12-31 18:00 UTC" in filled("credential", "list")[1]
    assert "opens until" in filled("credential", "expire", REF, "--in", "7d")[2]
    assert filled("credential", "expire", REF) == (0, "", f"{REF}: its value is gone\n")
    assert filled("credential", "list")[1] == ""
    assert filled("credential", "expire", REF)[0] == 1


@pytest.mark.parametrize(
    "options",
    [("--in", "0d"), ("--in", "7"), ("--in", "7d", "--at", "2199-12-31"), ("--at", "2020-01-01"), ("--at", "x")],
)
def test_unclear_time_ends_with_two(filled: Desk, options: tuple[str, ...]) -> None:
    """A span or time that cannot be meant ends with 2 and changes nothing."""
    assert filled("credential", "expire", REF, *options)[0] == 2
    assert "until" not in filled("credential", "list")[1]


def test_credential_is_tested_without_being_shown(filled: Desk) -> None:
    """`test` opens a credential and says of each field whether it is fit; an unfit one ends with 1."""
    code, out, _ = filled("credential", "test", REF)
    assert (code, out.splitlines()[1:]) == (0, ["username: fit for use", "password: fit for use"])
    filled("credential", "put", REF, stdin='{"password": "correct-horse\\n", "pin": "12"}')
    code, out, err = filled("credential", "test", REF)
    assert (code, "password, pin of" in err) == (1, True)
    assert "white space" in out
    assert "masked" in out
    assert "correct" not in out + err


def test_rewrap_brings_everything_under_the_first_key(filled: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """`rewrap` seals anew under the first key and tells how many; afterwards the old key can go."""
    new = "k2:" + base64.b64encode(b"n" * 32).decode()
    monkeypatch.setenv("HEALER_VAULT_KEYS", f"{new},{VAULT_KEYS}")
    assert "to be rewrapped" in filled("credential", "list")[1]
    assert filled("credential", "rewrap") == (0, "", "0 current, 1 renewed, 0 gone, 0 unreadable\n")
    monkeypatch.setenv("HEALER_VAULT_KEYS", new)
    assert filled("credential", "test", REF)[0] == 0
    monkeypatch.setenv("HEALER_VAULT_KEYS", f"k3:{new[3:]}")
    code, _, err = filled("credential", "rewrap")
    assert (code, REF in err, "unsealable" in err) == (1, True, True)


def test_value_of_another_scheme_is_put_as_it_is(healer: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """`put --sealed` keeps what the decryptor opens, `list` names the scheme, and `rewrap` makes it ours."""
    key = base64.urlsafe_b64encode(bytes(32)).decode()
    token = Fernet(key).encrypt(STDIN.encode()).decode()
    assert healer("credential", "put", REF, "--sealed", "fernet", stdin=token)[0] == 2
    monkeypatch.setenv("HEALER_DECRYPTORS", f"fernet:{key}")
    assert healer("credential", "put", REF, "--sealed", "fernet", stdin=token + "\n")[0] == 0
    assert " fernet " in healer("credential", "list")[1]
    assert "1 renewed" in healer("credential", "rewrap")[2]
    monkeypatch.delenv("HEALER_DECRYPTORS")
    assert json.loads(healer("credential", "get", REF, "--reveal", screen=True)[1]) == FIELDS


def test_prompt_does_not_echo_a_password(healer: Desk) -> None:
    """On a terminal the fields are asked for, and a password that is typed does not appear on it."""
    desk, terminal = pty.openpty()
    command = [sys.executable, "-c", "from healer.cli import main; main()", "credential", "put", REF]
    process = subprocess.Popen(
        command, cwd=ROOT, stdin=terminal, stdout=terminal, stderr=terminal, start_new_session=True
    )
    os.close(terminal)
    answers, shown = {b"username: ": b"robot-77\n", b"password: ": b"correct-horse\n"}, b""
    while b"stored" not in shown and select.select([desk], [], [], 20)[0]:
        shown += os.read(desk, 1024)
        for prompt in [one for one in answers if shown.endswith(one)]:
            os.write(desk, answers.pop(prompt))
    assert process.wait(20) == 0
    os.close(desk)
    assert (b"robot-77" in shown, b"correct-horse" in shown) == (True, False)
    assert json.loads(healer("credential", "get", REF, "--reveal", screen=True)[1]) == FIELDS
