"""Rules of `healer audit leaks`: a value planted in a sink at the wire is found and named, and nothing of it is printed."""

import base64
import io
import json
import secrets
import sys
from datetime import UTC, datetime
from urllib.parse import quote

import pytest
import redis

from git_site import git
from github_site import REPOSITORY, running
from healer import cli
from healer.contracts import Case
from jira_site import ANNS_TOKEN, KEY
from jira_site import running as running_jira

# No other test has it: their programs run on this machine too, and the audit looks at all of them.
PASSWORD = 'q&ß "<7c>/+=~'
FORMS = {
    "hex": PASSWORD.encode().hex(),
    "base64": base64.b64encode(f"robot:{PASSWORD}".encode()).decode(),
    "URL": quote(PASSWORD, safe=""),
    "reversed": PASSWORD[::-1],
}
SETTINGS = {
    "HEALER_VAULT_KEYS": "k1:" + base64.b64encode(secrets.token_bytes(32)).decode(),
    "HEALER_GITHUB_APP_ID": "4711",
    "HEALER_GITHUB_APP_INSTALLATION": "815",
    "HEALER_IMPORTERS_REPOSITORY": REPOSITORY,
    "HEALER_JIRA_TOKEN": ANNS_TOKEN,
    "HEALER_JIRA_USER": "ann@acme.example",
    "PATH": "/nonexistent",  # so that this machine has no Docker
}
ABSENT = ["Docker containers", "Docker images"]


@pytest.fixture(scope="module")
def github(tmp_path_factory):
    """Give a GitHub with a clean branch of the healer and its pull request."""
    with running(tmp_path_factory.mktemp("github")) as site:
        site.branch(f"heal/{KEY}")
        site.send("POST", "/pulls", {"title": "Heal", "head": f"heal/{KEY}", "base": "main", "body": "clean"})
        yield site


@pytest.fixture
def jira(tmp_path):
    with running_jira("cloud", tmp_path / "jira") as site:
        yield site


@pytest.fixture
def store(redis_url):
    with redis.Redis.from_url(redis_url) as client:
        case = Case(id=KEY, importer="brightwater", opened_at=datetime.now(UTC), updated_at=datetime.now(UTC))
        client.set(f"healer:case:{KEY}", case.model_dump_json())
        client.zadd("healer:cases", {KEY: 1})
        yield client


@pytest.fixture
def folders(tmp_path, github):
    """Give the folders of a machine: logs, temporary files, and a work folder with a clone."""
    for name in ("log", "tmp", "work/importers"):
        (tmp_path / name).mkdir(parents=True)
    git(
        "clone",
        "-q",
        "--mirror",
        str(github.root / f"repos/{REPOSITORY}.git"),
        "mirror.git",
        cwd=tmp_path / "work/importers",
    )
    return tmp_path


@pytest.fixture
def places(github, jira, folders, redis_url):
    """Give the settings that say where each sink is."""
    return {
        "HEALER_REDIS_URL": redis_url,
        "HEALER_GITHUB_API_URL": github.api,
        "HEALER_GITHUB_APP_KEY": github.keys.private,
        "HEALER_GITHUB_URL": github.url,
        "HEALER_JIRA_URL": jira.url,
        "HEALER_LOG_DIR": str(folders / "log"),
        "HEALER_WORK_DIR": str(folders / "work"),
        "HEALER_TEMP_DIRS": json.dumps([str(folders / "tmp")]),
    }


@pytest.fixture
def healer(places, store, monkeypatch, capsys):
    """Give the command as an operator types it, on a machine whose vault holds a login."""
    for name, value in {**SETTINGS, **places}.items():
        monkeypatch.setenv(name, value)

    def run(*arguments, stdin=""):
        monkeypatch.setattr(sys, "argv", ["healer", *arguments])
        monkeypatch.setattr(sys, "stdin", io.StringIO(stdin))
        with pytest.raises(SystemExit) as ended:
            cli.main()
        told = capsys.readouterr()
        return int(ended.value.code or 0), told.out, told.err

    assert run("credential", "put", "brightwater-main", stdin=json.dumps({"password": PASSWORD, "pin": "1234"}))[0] == 0
    return run


def report(told):
    code, out, _ = told
    document = json.loads(out)
    return code, document, {row["sink"]: row for row in document["sinks"]}


def test_a_clean_machine_ends_with_zero(healer):
    """Where nothing leaked the audit ends with 0, says what it searched for and what it could not, and shows each sink."""
    code, document, sinks = report(healer("audit", "leaks", "--json"))
    assert (code, document["hits"], document["unread"]) == (0, 0, [])
    assert document["values"]["left_out"] == ["brightwater-main.pin"]
    assert [name for name, row in sinks.items() if row["state"] == "absent" and "Prefect" not in name] == ABSENT
    read = ("Redis", "JIRA tickets", "GitHub pull requests", "git objects of the clone", "environments of processes")
    assert [name for name in read if not sinks[name]["pieces"]] == []


def test_what_is_planted_is_found_and_named(healer, store, folders, github, jira):
    """A value in a Redis key, log, temporary file, git object, pull request or ticket, each encoded otherwise, is found at its place."""
    store.set("healer:hint", FORMS["hex"])
    (folders / "log/gateway.log").write_text(f'{{"message": "login {FORMS["base64"]}"}}')
    (folders / "tmp/left").write_text(FORMS["URL"])
    (folders / "blob").write_text(FORMS["reversed"])
    git("hash-object", "-w", str(folders / "blob"), cwd=folders / "work/importers/mirror.git")
    comment = github.send("POST", "/issues/1/comments", {"body": f"as {FORMS['URL']}"})
    jira.client().say(KEY, "healer", FORMS["hex"])
    code, _, sinks = report(healer("audit", "leaks", "--json"))
    places = {name: " ".join(place["place"] for place in row["places"]) for name, row in sinks.items() if row["hits"]}
    assert code == 1
    assert places["Redis"] == "healer:hint"
    assert places["logs"] == str(folders / "log/gateway.log")
    assert places["temporary files"] == str(folders / "tmp/left")
    assert places["git objects of the clone"].startswith("blob ")
    assert places["GitHub pull requests"] == "pull request 1, comments"
    assert f"{KEY}, comment" in places["JIRA tickets"]
    # Programs that the stand-ins within this process start have its environment, with the settings' own secrets.
    assert len([name for name in places if not name.endswith("of processes")]) == 6
    github.send("PATCH", f"/issues/comments/{comment['id']}", {"body": "clean"})


def test_no_value_is_printed(healer, store):
    """The table names the place and the count; neither the value, an encoding of it nor what stands beside it is printed."""
    store.set("healer:hint", f"beside {FORMS['hex']}")
    code, out, err = healer("audit", "leaks")
    assert code == 1
    assert "healer:hint (1)" in out
    assert [word for word in (PASSWORD, "beside", *FORMS.values()) if word in out + err] == []


def test_a_sink_that_cannot_be_read_ends_with_two(healer, monkeypatch):
    """A configured sink that does not answer is named unread, and the audit does not end with 0; the others are read."""
    monkeypatch.setenv("HEALER_PREFECT_API_URL", "http://127.0.0.1:1/api")
    code, document, sinks = report(healer("audit", "leaks", "--json"))
    # Processes beside this test may hold its made-up secrets, and a hit counts more.
    assert code == (1 if any(row["hits"] for row in sinks.values()) else 2)
    assert sinks["Prefect logs"]["state"] == "unread"
    assert "Prefect did not answer" in sinks["Prefect logs"]["why"]
    assert sinks["Redis"]["state"] == "searched"
    assert len(document["unread"]) == 10


def test_a_hit_counts_more_than_an_unread_sink(healer, monkeypatch, store):
    """Where there is a hit the audit ends with 1, whatever else could not be read."""
    monkeypatch.setenv("HEALER_PREFECT_API_URL", "http://127.0.0.1:1/api")
    store.set("healer:hint", PASSWORD)
    assert healer("audit", "leaks", "--case", KEY)[0] == 1


def test_without_its_vault_nothing_is_proved(healer, monkeypatch):
    """A vault that cannot be opened ends the audit with 2: there is nothing to search for."""
    monkeypatch.setenv("HEALER_VAULT_KEYS", "k1:" + base64.b64encode(b"x" * 32).decode())
    assert healer("audit", "leaks")[0] == 2
    monkeypatch.setenv("HEALER_REDIS_URL", "redis://127.0.0.1:1/0")
    assert healer("audit", "leaks")[0] == 2
