"""What the load judges by: a world in which all holds passes, and each thing that does not hold is named."""

import copy
import json

import pytest
from redis import Redis

from factories import NOW
from healer.chain import link
from localworld.load import importers, judge

SENT = ["UTIL-5001", "UTIL-5002"]
SUPERSEDED = {"state": "superseded", "reason": "NEWER_CASE"}


def chain(*kinds):
    events, last = [], None
    for kind in kinds:
        last = link(last, NOW, kind, {})
        events.append(last.model_dump(mode="json"))
    return events


def pull(key):
    return {"head": f"heal/{key}", "state": "open"}


def pulls(found):
    return found.github["repositories"]["acme/importers"]["pulls"]


@pytest.fixture
def whole(redis_url):
    """Give a world that two cases have come through as they should."""
    redis = Redis.from_url(redis_url, decode_responses=True)
    redis.flushdb()
    pulls = [pull(key) for key in SENT]
    tickets = [{"key": key, "status": "In Review", "comments": [{"author": "importer-healer"}]} for key in SENT]
    runs = [{"inputs": {"correlation": f"{key}-0"}, "status": "completed"} for key in SENT]
    yield judge.Found(
        cases={key: {"state": "published", "importer": key, "reason": None, "head_sha": "a" * 40} for key in SENT},
        events={key: chain("received", "pull_request_opened", "published") for key in SENT},
        github={"repositories": {"acme/importers": {"pulls": pulls}, "acme/gate": {"pulls": []}}, "runs": runs},
        jira={"tickets": tickets},
        heads={f"heal/{key}": "a" * 40 for key in SENT},
        runs=[{"name": "heal", "state_type": "COMPLETED"}],
        redis=redis,
    )
    redis.close()


def test_world_in_which_all_holds_passes(whole):
    """Nothing is found where nothing is wrong."""
    assert judge.broken(SENT, whole) == []


def test_case_whose_place_a_newer_one_of_its_importer_has_taken_has_come_through(whole):
    """Of tickets about one failure the newest proved change stays open; the others' pull requests are closed and their branches gone."""
    whole.cases["UTIL-5001"].update(SUPERSEDED, importer="UTIL-5002")
    pulls(whole)[0]["state"] = "closed"
    whole.heads.pop("heal/UTIL-5001")
    assert judge.broken(SENT, whole) == []


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (lambda w: w.cases.pop("UTIL-5002"), "1 case(s) are lost: UTIL-5002"),
        (lambda w: w.cases.update({"UTIL-9": w.cases["UTIL-5001"]}), "1 case(s) that nobody sent: UTIL-9"),
        (lambda w: w.cases["UTIL-5001"].update(state="needs_engineer", reason="NO_PATCH"), "needs_engineer (NO_PATCH)"),
        (lambda w: w.events["UTIL-5001"].pop(1), "UTIL-5001's chain is broken at 2"),
        (lambda w: w.events.update({"UTIL-5001": chain("received", "received")}), "received  happened 2 times"),
        (lambda w: pulls(w).append(pull("UTIL-5001")), "has 2 pull request(s)"),
        (lambda w: pulls(w).append(pull("UTIL-9")), "heal/UTIL-9 has 1 pull"),
        (lambda w: w.github["runs"].append(w.github["runs"][0]), "UTIL-5001-0 was dispatched 2 times"),
        (lambda w: w.github["runs"][0].update(status="in_progress"), "1 gate run(s) have not ended"),
        (lambda w: pulls(w)[0].update(state="closed"), "UTIL-5001's pull request is closed"),
        (lambda w: w.cases["UTIL-5001"].update(SUPERSEDED), "UTIL-5001 has no published case left"),
        (lambda w: w.cases["UTIL-5001"].update(SUPERSEDED), "UTIL-5001's pull request is open"),
        (lambda w: w.heads.pop("heal/UTIL-5001"), "UTIL-5001's branch stands at None"),
        (lambda w: w.jira["tickets"][0]["comments"].append({"author": "importer-healer"}), "UTIL-5001 has 2 comments"),
        (lambda w: w.jira["tickets"][0].update(status="To Do"), "UTIL-5001 is To Do"),
        (lambda w: w.redis.set("healer:hold:load01", "UTIL-5001"), "1 importer(s) are still held"),
        (lambda w: w.redis.sadd("healer:cases:open", "UTIL-5001"), "1 ended case(s) count as open"),
        (lambda w: w.redis.xadd("healer:outbox", {"request": "{}"}), "1 flow run(s) are left in healer:outbox"),
        (lambda w: w.redis.hset("healer:spend:UTIL-5001", "1", '{"begun": false}'), "1 reservation(s)"),
        (lambda w: w.redis.zadd("healer:logins:load01-main", {"7001:1": 1.0}), "1 login(s) are debited for 0 lease(s)"),
        (lambda w: w.runs.append({"name": "heal-x", "state_type": "RUNNING"}), "1 flow run(s) never end: heal-x"),
    ],
)  # fmt: skip
def test_each_thing_that_does_not_hold_is_named(whole, wrong, words):
    """A duplicate, a loss, and whatever is still held by somebody who is gone."""
    spoilt = copy.copy(whole)._replace(
        **{name: copy.deepcopy(getattr(whole, name)) for name in whole._fields if name != "redis"}
    )
    wrong(spoilt)
    assert words in "\n".join(judge.broken(SENT, spoilt))


def test_each_importer_has_files_and_a_login_of_its_own(tmp_path):
    """Many importers are as many entries, gatherers and recordings, and no two share a login."""
    folder = importers.lay(tmp_path / "importers", 3)
    registry = (folder / "importers.toml").read_text()
    for name in importers.names(3):
        assert f"[importers.{name}]" in registry
        assert json.loads((folder / f"recordings/{name}.json").read_text())["importer"] == name
        assert (folder / f"lib/gatherers/{name}.rb").exists()
    assert registry.count("-main") == len(set(importers.names(3)))
