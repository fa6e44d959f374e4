"""What goes wrong around the importer, told through the front door, with JIRA as Data Center: each has its outcome and its words."""

import os
import time
from pathlib import Path

import pytest
from redis import Redis

from contracts.checker import judge
from localworld.desk import Operator
from localworld.layout import Plan
from localworld.stories import STORIES
from localworld.world import World

pytestmark = [pytest.mark.docker, pytest.mark.world, pytest.mark.timeout(300)]

ENGINE = Path("/var/run/docker.sock")
REFUSING = """#!/bin/sh
[ "$1" != refs/heads/heal/{ticket} ] && exit 0
echo "remote: error: GH013: Repository rule violations found for $1." >&2
exit 1
"""


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    """Give an address of the machine's engine that can be taken away."""
    here = tmp_path_factory.mktemp("engine") / "docker.sock"
    here.symlink_to(os.environ.get("DOCKER_HOST", f"unix://{ENGINE}").removeprefix("unix://"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DOCKER_HOST", f"unix://{here}")
        yield here


@pytest.fixture(scope="module")
def world(tmp_path_factory, engine):
    with World(Plan(root=tmp_path_factory.mktemp("datacenter") / "w", jira_mode="datacenter")) as running:
        yield running


@pytest.fixture(scope="module")
def operator(world):
    person = Operator(world)
    yield person
    person.close()


@pytest.fixture(scope="module")
def ended(operator, world, engine):
    """Tell all at once; the engine goes last, when nobody else needs it."""
    tell = {
        "healed": ("brightwater", {"version": "v2"}),
        "down": ("voltara", {"down": True}),
        "no credential": ("halden", {"version": "v2"}),
        "refused push": ("northgas", {"version": "v2"}),
    }
    with Redis.from_url(world.redis.url) as store:
        assert store.delete("healer:vault:halden-main")
    _refuse_pushes(world, operator.layout.ticket_of("northgas"))
    for importer, switches in tell.values():
        _begin(operator, importer, switches)
    deaf = _jira_goes_down(operator)
    seen = {name: operator.wait(operator.layout.ticket_of(importer), 120) for name, (importer, _) in tell.items()}
    engine.unlink()
    _begin(operator, "ostrava", {"version": "v2"})
    no_engine = operator.wait(operator.layout.ticket_of("ostrava"), 120)
    return {**seen, "no engine": no_engine, "JIRA down": deaf, "JIRA back": _reconciled(operator, deaf)}


def _begin(operator, importer, switches):
    operator.switch(importer, **switches)
    operator.send(operator.layout.ticket_of(importer), importer).raise_for_status()


def _jira_goes_down(operator):
    """Let a case end while JIRA takes no comment on its ticket; give the case as it stands then."""
    ticket, control = operator.layout.ticket_of("cascade"), operator.layout.url("jira") + "/_control/faults"
    fault = {"match": f"POST .*/issue/{ticket}/comment", "status": 503, "times": 100}
    operator.http.post(control, json=fault).raise_for_status()
    _begin(operator, "cascade", {"down": True})
    seen = operator.wait(ticket, 120)
    operator.http.delete(control).raise_for_status()
    return seen


def _reconciled(operator, seen, seconds=60):
    """Run `reconcile` as its schedule does until the ticket is told; give the case as it stands then."""
    api, deadline = operator.layout.url("prefect") + "/api", time.monotonic() + seconds
    deployment = operator.http.get(f"{api}/deployments/name/reconcile/reconcile").json()["id"]
    while not (now := operator.look(seen.case["id"])).receipted and time.monotonic() < deadline:
        run = {"state": {"type": "SCHEDULED"}}
        # Prefect on SQLite answers 503 while somebody else writes; the next round asks again.
        operator.http.post(f"{api}/deployments/{deployment}/create_flow_run", json=run)
        time.sleep(8)
    return now


def _refuse_pushes(world, ticket):
    hook = world.root / "github/repos/acme/importers.git/hooks/update"
    hook.write_text(REFUSING.format(ticket=ticket))
    hook.chmod(0o755)


def said(operator, seen):
    comments = [c["body"] for c in operator.jira(f"/issue/{seen.case['id']}/comment")["comments"]]
    assert len(comments) == 1
    return comments[0]


def outcome(seen):
    return seen.case["state"], seen.case["reason"]


@pytest.mark.parametrize(("name", "story"), [("healed", "renamed"), ("down", "down")])
def test_stories_end_the_same_in_data_center(ended, operator, name, story):
    """With JIRA as Data Center a story ends as it does in the Cloud."""
    ending = next(s.ending for s in STORIES if s.name == story)
    assert [words for words, held in ending(operator, ended[name]).items() if not held] == []


def test_a_missing_credential_goes_to_the_importers_owner(ended, operator):
    """A credentialRef that the vault does not hold ends as CREDENTIAL_MISSING: nothing is tried, and the ticket names it."""
    seen = ended["no credential"]
    assert outcome(seen) == ("needs_engineer", "CREDENTIAL_MISSING")
    assert "vault" in said(operator, seen)
    assert f"heal/{seen.case['id']}" not in operator.branches()


def test_a_refused_push_goes_to_an_engineer(ended, operator):
    """A branch that GitHub refuses ends as PUSH_REFUSED, without a pull request, and the ticket says so."""
    seen = ended["refused push"]
    assert outcome(seen) == ("needs_engineer", "PUSH_REFUSED")
    assert "GitHub refused the branch" in said(operator, seen)
    assert operator.github("/repos/acme/importers/pulls?state=all&head=acme:heal/" + seen.case["id"]) == []


def test_a_dead_engine_is_blamed_on_the_gate(ended, operator):
    """A gate without its Docker engine ends as GATE_BROKEN: no attempt is spent, the importer is not blamed, the ticket says so."""
    seen = ended["no engine"]
    assert outcome(seen) == ("needs_engineer", "GATE_BROKEN")
    assert seen.case["attempts"] == []
    assert "Nothing is known about the importer" in said(operator, seen)


def test_what_jira_did_not_take_is_told_when_it_is_back(ended, operator):
    """While JIRA is down the case ends all the same and says what is pending; the scheduled look tells the ticket, once."""
    down, back = ended["JIRA down"], ended["JIRA back"]
    assert (outcome(down), down.events[-1]["kind"]) == (("not_fixed", "SITE_DOWN"), "pending")
    assert (outcome(back), back.events[-1]["kind"]) == (("not_fixed", "SITE_DOWN"), "receipt_written")
    assert "next look" in said(operator, back).lower()


def test_exchanges_hold_to_the_vendors_contracts(ended, world):
    """Also where things go wrong, everything said holds to the vendors' documents; Data Center differs only as listed."""
    records = [world.root / "github/record/github.jsonl", world.root / "jira/record/jira.jsonl"]
    findings = [finding for record in records for finding in judge(record)]
    assert [f for f in findings if f.kind == "VIOLATION"] == []
