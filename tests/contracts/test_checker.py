"""The checker of contracts, tried on the vendors' own examples and on what can go wrong with them."""

import json
import random
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from contracts import mutants
from contracts.checker import Finding, judge, tally
from contracts.checker.document import Operation, media
from contracts.checker.judging import github, jira
from localworld.github.templates import Templates

HERE = Path(__file__).parent
SAMPLE = 150
VENDORS = {"github": (github, "/api/v3", "/repos/"), "jira": (jira, "", "/rest/api/3/")}
PULLS = "POST /repos/{owner}/{repo}/pulls"
RUN = "http://127.0.0.1:1/api/v3/repos/acme/importers/actions/runs/7"


def judged(path: Path, lines: list[dict[str, Any]], **options: Any) -> list[list[Finding]]:
    """Judge lines as one record; give the findings of each."""
    record = path / "record.jsonl"
    record.write_text("".join(json.dumps(line) + "\n" for line in lines))
    found = defaultdict(list)
    for finding in judge(record, **options):
        found[int(finding.where.split(" ")[0].rsplit(":", 1)[1])].append(finding)
    return [found[number] for number in range(1, len(lines) + 1)]


def seeded() -> random.Random:
    return random.Random(815)  # noqa: S311 - a sample that repeats, not a secret


def violated(findings: list[Finding]) -> bool:
    return any(finding.kind == "VIOLATION" for finding in findings)


def rate(results: list[list[Finding]]) -> float:
    return sum(map(violated, results)) / len(results)


@pytest.fixture(scope="module", params=list(VENDORS))
def vendor(request, tmp_path_factory):
    """Give a document with good exchanges made of its own examples."""
    load, prefix, area = VENDORS[request.param]
    document = load().document
    made = [(o, line) for o, line in mutants.exchanges(document, prefix) if o.name.split(" ")[1].startswith(area)]
    results = judged(tmp_path_factory.mktemp(request.param), [line for _, line in made])
    return document, made, [each for each, found in zip(made, results, strict=True) if not violated(found)]


@pytest.fixture
def hooks():
    return list(mutants.webhooks(Templates(HERE / "github-slim.json.gz")))


def changes(vendor, kind) -> list[dict[str, Any]]:
    """Give a seeded sample of exchanges with one body changed."""
    document, _, good = vendor
    places: list[tuple[dict[str, Any], str, mutants.Change]] = []
    for operation, line in good:
        for key, spec in _sides(operation, line):
            content = media(spec)
            if content and line[key] is not None:
                places += [(line, key, change) for change in kind(document, content["schema"], line[key])]
    chosen = seeded().sample(places, SAMPLE)
    return [{**line, key: mutants.changed(line[key], change)} for line, key, change in chosen]


def _sides(operation: Operation, line: dict[str, Any]) -> list[tuple[str, Any]]:
    return [("request_body", operation.request), ("response_body", operation.responses[str(line["status"])])]


# ---------------------------------------------------------------- what is good passes


def test_examples_pass(vendor):
    """Exchanges made of a vendor's own examples pass, save those whose made-up URL lacks what the operation demands."""
    _, made, good = vendor
    assert len(good) > 0.9 * len(made)


def test_an_exchange_is_good_without_any_finding(tmp_path):
    """A documented exchange with the headers that GitHub wants has no finding at all."""
    line = next(e for o, e in mutants.exchanges(github().document, "/api/v3") if o.name == "GET /rate_limit")
    assert judged(tmp_path, [line]) == [[]]


def test_signed_webhooks_pass(tmp_path, hooks):
    """A signed webhook of the documented form has no finding."""
    assert judged(tmp_path, hooks, webhook_secret=mutants.SECRET) == [[]] * len(mutants.EVENTS)


def test_a_record_is_judged_quickly(tmp_path, vendor):
    """A record of 200 lines takes less than three seconds."""
    _, _, good = vendor
    lines = [line for _, line in (good * 200)[:200]]
    begin = time.monotonic()
    judged(tmp_path, lines)
    assert time.monotonic() - begin < 3


# ---------------------------------------------------------------- what is wrong is found


@pytest.mark.parametrize(
    ("kind", "least"), [(mutants.wrong_types, 0.98), (mutants.nulls, 0.98), (mutants.without, 0.98)]
)
def test_a_changed_body_is_found(tmp_path, vendor, kind, least):
    """A member of another type, a null, and a missing required member are violations."""
    assert rate(judged(tmp_path, changes(vendor, kind))) >= least


def test_an_undocumented_status_is_found(tmp_path, vendor):
    """A status that neither the operation documents nor any service may answer anywhere is a violation."""
    made = [wrong for operation, line in vendor[2] for wrong in mutants.other_statuses(operation, line)]
    assert rate(judged(tmp_path, seeded().sample(made, SAMPLE))) == 1


def test_an_unknown_path_is_found(tmp_path, vendor):
    """A path that no operation has is a violation where the service serves it."""
    made = [wrong for _, line in vendor[2] for wrong in mutants.other_paths(line)]
    assert rate(judged(tmp_path, made[:SAMPLE])) == 1


def test_a_forged_webhook_is_found(tmp_path, hooks):
    """A changed payload, a changed, foreign or absent signature is a violation."""
    rng = seeded()
    forged = [wrong for _ in range(5) for hook in hooks for wrong in mutants.forgeries(hook, rng)]
    assert rate(judged(tmp_path, forged, webhook_secret=mutants.SECRET)) == 1


@pytest.mark.parametrize(
    ("headers", "raw"),
    [
        ({"X-GitHub-Event": "workflow_jab"}, None),
        ({"X-GitHub-Delivery": "7"}, None),
        ({"Content-Type": "text/plain"}, None),
        ({"X-Hub-Signature-256": "sha1=00"}, None),
        ({}, "[]"),
        ({}, '{"action": "completed"}'),
        ({}, "no JSON"),
    ],
)
def test_a_malformed_webhook_is_found(tmp_path, hooks, headers, raw):
    """An unknown event, a header of another form, and a payload of another form are violations, secret or not."""
    hook = hooks[2]
    wrong = {**hook, "headers": {**hook["headers"], **headers}, "raw": raw or hook["raw"]}
    assert violated(judged(tmp_path, [wrong])[0])


@pytest.mark.parametrize(
    "change",
    [
        {"url": RUN.replace("/7", "/seven")},
        {"url": RUN + "?exclude_pull_requests=maybe"},
        {"method": "PUT"},
        {"request_headers": {"accept": "*/*"}},
        {"request_headers": {"user-agent": "x", "x-github-api-version": "2020-01-01"}},
        {"response_headers": {"content-type": "text/html"}},
        {"response_body": "<html>"},
        {"response_body": None},
        {"status": 404, "response_body": {"error": "Not Found"}},
    ],
)
def test_what_surrounds_a_body_is_judged(tmp_path, change):
    """Parameters, method, headers, content type and the form of errors are part of the contract."""
    good = next(e for o, e in mutants.exchanges(github().document, "/api/v3") if "actions/runs/{run_id}" in o.name)
    good = {**good, "url": RUN}
    assert [violated(found) for found in judged(tmp_path, [good, {**good, **change}])] == [False, True]


@pytest.mark.parametrize(
    ("answer", "kind"),
    [({}, "VIOLATION"), ({"status": 422, "response_body": {"message": "no"}}, "WARN")],
)
def test_a_wrong_request_that_was_refused_is_no_violation(tmp_path, answer, kind):
    """A service that refuses a wrong request is right; one that takes it is not."""
    good = next(e for o, e in mutants.exchanges(github().document, "/api/v3") if o.name == PULLS)
    found = judged(tmp_path, [{**good, "request_body": {"title": 7}, **answer}])[0]
    assert {f.kind for f in found if f.what.startswith("request")} == {kind}


def test_an_undocumented_member_is_a_warning(tmp_path):
    """A member that the contract does not name is a warning."""
    good = next(e for o, e in mutants.exchanges(github().document, "/api/v3") if o.name == "GET /rate_limit")
    body = {**good["response_body"], "extra": 1}
    assert [(f.kind, f.what) for f in judged(tmp_path, [{**good, "response_body": body}])[0]] == [
        ("WARN", "response member /extra is not documented")
    ]


# ---------------------------------------------------------------- whose contract a line is


def test_lines_are_counted_by_contract(tmp_path, hooks):
    """Git, pages, the control plane, OIDC and GraphQL are skipped; what is no line at all is a violation."""
    paths = [
        "/acme/x.git/info/refs",
        "/acme/x/pull/1",
        "/_control/state",
        "/_oidc/token",
        "/api/graphql",
        "/rest/api/9/x",
    ]
    paths += ["/api/v3/user", "/rest/api/2/myself", "/rest/api/latest/myself"]
    record = tmp_path / "record.jsonl"
    lines = [json.dumps({"method": "GET", "url": f"http://h{path}", "status": 200}) for path in paths]
    record.write_text("\n".join([*lines, json.dumps(hooks[0]), "{", '{"method": "GET"}', "[]"]))
    assert tally(record) == {"skipped": 6, "github": 1, "jira": 2, "webhook": 1, "unreadable": 3}
    assert [f.kind for f in judge(record) if " line" in f.where] == ["VIOLATION"] * 3


@pytest.mark.parametrize(("product", "kind"), [("Server", "DATA_CENTER"), ("Cloud", "VIOLATION")])
def test_a_listed_difference_excuses_data_center_alone(tmp_path, product, kind):
    """What Data Center may do is a violation of Cloud's contract when Cloud does it."""
    info = {"method": "GET", "url": "http://h/rest/api/2/serverInfo", "status": 200}
    search = {"method": "GET", "url": "http://h/rest/api/2/search?validateQuery=True", "status": 200}
    found = judged(tmp_path, [{**info, "response_body": {"deploymentType": product}}, {**search, "response_body": {}}])
    assert {f.kind for f in found[1] if "validateQuery" in f.what} == {kind}
