"""`healer-gate` and `healer-report` as a job runs them: the console scripts, a real Docker engine, a gateway on loopback."""

import base64
import hashlib
import json
import re
import resource
import signal
import subprocess
from pathlib import Path

import pytest

from gate_runner import GREEN, PASSWORD, USERNAME, Runner, World, new_run_id, serve
from healer.contracts import Conclusion, FailureClass

pytestmark = pytest.mark.docker
RED = """
  error = {importer: 'tiny', error: 'source_changed', exception: 'Importers::SourceChanged', message: 'nothing matches #bills',
           step: 2, selector: 'table#bills', file: 'lib/gatherers/tiny.rb', line: 21, backtrace: []}
  File.write("#{ENV.fetch('OUT_DIR')}/tiny.error.json", JSON.dump(error))
  exit 3
"""
DUMP = """
  require 'base64'
  require 'uri'
  pw = ENV.fetch('PORTAL_PASSWORD')
  puts ENV.to_h.inspect, pw, Base64.encode64(pw), Base64.strict_encode64("mira:#{pw}"), JSON.dump([pw]), URI.encode_www_form_component(pw)
  puts pw.chars.join("\\e[0m"), pw.unpack1('H*')
  File.write("#{ENV.fetch('FETCH_TRACE_DIR')}/001.body", "<html><body><p>#{pw} of #{ENV.fetch('PORTAL_USERNAME')}</p></body></html>")
  asked = {selector: pw, kind: 'css', many: false, found: 0, file: pw, line: 1}
  steps = [{number: 1, method: 'POST', url: "http://portal/login?p=#{URI.encode_www_form_component(pw)}", status: 200,
            content_type: 'text/html', body: '001.body', lookups: [asked]}]
  File.write("#{ENV.fetch('FETCH_TRACE_DIR')}/trace.json", JSON.dump({version: 1, importer: 'tiny', steps: steps}))
  File.write("#{ENV.fetch('OUT_DIR')}/tiny.error.json", JSON.dump({exception: pw, message: "refused #{pw}", selector: pw, file: pw}))
  exit 5
"""


@pytest.fixture(scope="module")
def outside():
    world = World()
    server, thread = serve(world)
    yield world
    server.should_exit = True
    thread.join()


@pytest.fixture
def runner(outside, tmp_path):
    outside.refusals, outside.reports, outside.leases, outside.portal_status = [], [], 0, 200
    return Runner(tmp_path, outside, new_run_id())


def containers(runner):
    name = f"name=healer-gate-{runner.run_id}-1-"
    return subprocess.run(["docker", "ps", "-aq", "--filter", name], capture_output=True, check=True).stdout


def images(runner):
    name = f"reference=healer-gate-{runner.run_id}-1-*"
    return subprocess.run(["docker", "images", "-q", "--filter", name], capture_output=True, check=True).stdout


def obeyed(output):
    """Give the commands that a runner would obey, as its parser reads lines (actions/runner `ActionCommand.cs`)."""
    lines = re.split(r"\r\n|\r|\n", output)
    return [line for line in lines if line.lstrip().startswith("::") or "##[" in line]


def test_a_good_fetch_is_green(runner):
    """A fetch whose result is true ends with exit 0, a report of success with a redacted trace, a summary and a notice."""
    runner.importer(GREEN)
    ended = runner.run()
    assert ended.code == 0, ended.output
    report = ended.report
    assert (report.conclusion, report.exit_code, report.bills, report.logins_used) == (Conclusion.SUCCESS, 0, 1, 1)
    assert all(check.passed for check in report.checks)
    assert (report.case, report.run_id, report.sha, report.ref) == (
        "UTIL-101",
        runner.run_id,
        "c" * 40,
        "refs/heads/heal/UTIL-101",
    )
    assert set(report.timings_ms) == {"build", "lease", "network", "container", "judge", "replay", "total"}
    page = report.trace.pages[report.trace.steps[0].page]
    assert "session=4711" not in ended.report_text
    assert "4711-0815" not in ended.report_text
    assert "Bills" in page
    assert "✅ green: tiny (verify)" in ended.summary
    assert "::notice title=tiny%3A verify::" in ended.output
    assert not containers(runner)
    assert not images(runner)
    assert not networks(runner)
    assert list(runner.temp.iterdir()) == [runner.report_path]


def test_a_broken_importer_is_red_where_it_broke(runner):
    """Exit 3 is a failure `source_changed` with its place: in the report, the summary, and on the line of the diff."""
    runner.importer(RED)
    ended = runner.run()
    assert ended.code == 1, ended.output
    failure = ended.report.failure
    assert (failure.kind, failure.selector, failure.line) == (FailureClass.SOURCE_CHANGED, "table#bills", 21)
    assert [(c.name, c.passed, c.detail) for c in ended.report.checks] == [
        ("exit_code", False, "exit 3"),
        ("hosts_allowed", True, ""),
    ]
    assert "::error file=lib/gatherers/tiny.rb,line=21,title=tiny%3A verify::" in ended.output
    assert "Nothing on the portal answers `table#bills` on page 2." in ended.summary


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (4, FailureClass.SOURCE_DOWN),
        (5, FailureClass.AUTH_FAILED),
        (6, FailureClass.CONTRACT_BROKEN),
        (77, FailureClass.CRASHED),
    ],
)
def test_each_exit_code_is_its_kind_of_failure(runner, code, kind):
    """The importers' exit codes keep their meaning, also without an error file; any other is a crash."""
    runner.importer(f"exit {code}")
    ended = runner.run()
    assert (ended.code, ended.report.conclusion, ended.report.failure.kind) == (1, Conclusion.FAILURE, kind)


def test_a_fetch_that_claims_success_without_a_result_is_red(runner):
    """Exit 0 alone proves nothing."""
    runner.importer("exit 0")
    ended = runner.run()
    assert (ended.code, ended.report.conclusion) == (1, Conclusion.FAILURE)
    assert ended.report.failure.kind is FailureClass.CONTRACT_BROKEN
    assert [c.name for c in ended.report.checks if not c.passed] == ["result_present"]


def test_a_wrong_amount_is_a_silent_wrong(runner):
    """Exit 0, a result of the right form and an amount that is not the PDF's: red, and called by its name."""
    runner.importer(GREEN.replace("amount: amount", "amount: '11.95'"))
    ended = runner.run()
    assert (ended.code, ended.report.failure.kind) == (1, FailureClass.SILENT_WRONG)
    assert [c.name for c in ended.report.checks if not c.passed] == ["amount_in_pdf"]
    assert "11.95" not in ended.report_text + ended.summary


def test_a_silent_wrong_is_shown_on_the_line_that_builds_it(runner):
    """A fetch that ended well has no backtrace: the remark stands on the line of the field that is wrong."""
    runner.importer(GREEN.replace("amount: amount", "amount: '11.95'"))
    gatherer = runner.checkout / "lib/gatherers/tiny.rb"
    gatherer.parent.mkdir(parents=True)
    gatherer.write_text("def gather\n  Bill.new(\n    account: text(row),\n    amount: '11.95'\n  )\nend\n")
    ended = runner.run()
    assert "::error file=lib/gatherers/tiny.rb,line=4,title=tiny%3A verify::" in ended.output
    assert (ended.report.failure.file, ended.report.failure.line) == ("lib/gatherers/tiny.rb", 4)


def test_a_change_that_prints_its_login_is_red(runner):
    """True bills do not excuse a login in the output, in any encoding; a user name may be told, and the base is not judged by it."""
    runner.importer(GREEN + "puts Base64.strict_encode64(ENV['PORTAL_PASSWORD'])")
    ended = runner.run()
    assert (ended.code, ended.report.failure.kind) == (1, FailureClass.CONTRACT_BROKEN)
    assert [c.name for c in ended.report.checks if not c.passed] == ["login_not_shown"]
    runner.importer(GREEN + "puts ENV['PORTAL_USERNAME']")
    assert runner.run().code == 0


def test_a_value_that_the_change_writes_down_is_red(runner):
    """A change that holds a value of the bill that it fetched does not pass, and a change that nobody told does not either."""
    runner.importer(GREEN)
    for diff in ("+  amount: '12.30',", ""):
        runner.world.grant["diff"] = diff
        ended = runner.run()
        assert (ended.code, ended.report.failure.kind) == (1, FailureClass.SILENT_WRONG)
        assert [c.name for c in ended.report.checks if not c.passed] == ["not_in_diff"]


def test_the_next_gate_run_knows_the_bills_of_a_good_one(runner):
    """A green report says what to remember, in hashes; a later fetch of another account is red by it."""
    runner.importer(GREEN)
    remembered = runner.run().report.history
    runner.world.grant["history"] = remembered.model_dump()
    assert runner.run().code == 0
    runner.importer(GREEN.replace("account: account", "account: '4711-0816'"))
    ended = runner.run()
    assert (ended.code, ended.report.history) == (1, None)
    assert [c.name for c in ended.report.checks if not c.passed] == ["account_known", "pdf_is_new"]


WRITTEN = {
    "account": ("account: account", "account: %w[4711 0815].join('-')"),
    "amount": ("amount: amount", "amount: format('%.2f', 41 * 3 / 10.0)"),
    "end": ("period_end: said[1]", "period_end: '2026-10-%d' % (30 + 1)"),
    "reading": ("value: said[4]", "value: (863 / 2.0).to_s"),
    "pdf": ("pdf = get.call('/bills/1.pdf')", "get.call('/bills/1.pdf'); pdf = Base64.decode64(BILL)"),
}


@pytest.mark.parametrize("part", WRITTEN)
def test_an_answer_that_does_not_come_from_the_page_is_red(runner, part):
    """Bills that are true today, one value of them made up so that no search of the change finds it: red when the page says another."""
    runner.importer(GREEN.replace(*WRITTEN[part]))
    ended = runner.run()
    assert (ended.code, ended.report.failure.kind) == (1, FailureClass.SILENT_WRONG), ended.output
    [check] = [c for c in ended.report.checks if not c.passed]
    # A period that ends after its due date is not even a bill.
    told = (
        "the same pages with other values could not be read"
        if part == "end"
        else f"did not change with the pages: {part}"
    )
    assert (check.name, check.detail) == ("follows_the_pages", told)


def test_a_fetch_that_looks_for_the_replay_sees_no_login_and_no_way_out(runner):
    """In the replay the importer has a login that is none, and no network: what it could tell, it can tell nobody."""
    runner.importer(
        GREEN + "exit 1 if %w[PASSWORD USERNAME].any? { |n| !ENV['PORTAL_' + n].start_with?('replay-') } && "
        "ENV['PORTAL_URL'].include?('127.0.0.1')"
    )
    assert runner.run().code == 0


def test_a_moody_portal_is_fetched_as_often_as_the_lease_says(runner):
    """Three repetitions are three fetches and three logins used, and they must agree."""
    runner.importer(GREEN)
    runner.world.grant["repetitions"] = 3
    ended = runner.run()
    assert (ended.code, ended.report.logins_used, ended.report.bills) == (0, 3, 1)
    [agree] = [c for c in ended.report.checks if c.name == "repetitions_agree"]
    assert (agree.passed, agree.detail) == (True, "3 fetches")


@pytest.fixture
def second(runner):
    """Give the importer a second login, which sees another account."""
    runner.world.env["tiny-second"] = {"PORTAL_USERNAME": "second", "PORTAL_PASSWORD": "another S3cret"}
    runner.world.grant |= {"refs": ["tiny-main", "tiny-second"]}
    yield runner
    del runner.world.env["tiny-second"]


MINE = "user = ENV.fetch('PORTAL_USERNAME')\n" + GREEN.replace(
    "'/bills", "'/' + (user == 'second' ? 'b' : 'a') + '/bills"
)


def test_a_second_login_is_fetched_with_and_judged(second):
    """With two refs the bills of both are fetched, judged and counted; what is remembered is of both accounts."""
    second.importer(MINE)
    ended = second.run()
    assert (ended.code, ended.report.logins_used, ended.report.bills) == (0, 2, 2), ended.output
    assert len({bill.account for bill in ended.report.history.bills}) == 2
    second.world.grant["history"] = ended.report.history.model_dump()
    assert second.run().code == 0


def test_an_answer_for_one_login_only_is_red(second):
    """An importer that gives one account's bills to whoever asks does not pass."""
    second.importer(GREEN)
    ended = second.run()
    assert (ended.code, ended.report.failure.kind) == (1, FailureClass.SILENT_WRONG)
    assert [c.name for c in ended.report.checks if not c.passed] == ["logins_differ"]


def test_a_second_login_that_fails_is_red(second):
    """Where the second login's fetch is broken the run is red where it broke, however good the first one was."""
    second.importer(MINE.replace("amount: amount", "amount: user == 'second' ? '11.95' : amount"))
    ended = second.run()
    assert ended.code == 1
    assert [c.name for c in ended.report.checks if not c.passed] == ["amount_in_pdf"]


def test_a_diagnosis_fetches_once(second):
    """The base is fetched with the main login, once; nothing is replayed, because nothing was changed."""
    second.env["HEALER_MODE"] = "diagnose"
    second.world.grant |= {"mode": "diagnose", "refs": ["tiny-main"]}
    second.importer(GREEN)
    ended = second.run()
    assert (ended.code, ended.report.logins_used) == (0, 1)
    assert "replay" not in ended.report.timings_ms


def test_a_red_base_and_a_green_head_are_one_green_run(runner):
    """Where the diagnosis is stale, base and head are fetched with in one job: one report holds both, and nothing of either is left."""
    sha = runner.base(RED)
    runner.importer(GREEN)
    ended = runner.run()
    report, base = ended.report, ended.report.base
    assert (ended.code, report.conclusion, report.exit_code, report.bills) == (0, Conclusion.SUCCESS, 0, 1), (
        ended.output
    )
    assert (base.sha, base.conclusion, base.exit_code) == (sha, Conclusion.FAILURE, 3)
    assert (base.failure.kind, base.failure.selector) == (FailureClass.SOURCE_CHANGED, "table#bills")
    assert (report.logins_used, runner.world.leases) == (2, 1)
    assert f"Base `{sha[:12]}`, in this job: ❌ red" in ended.summary
    assert [containers(runner), images(runner), networks(runner)] == [b"", b"", b""]
    assert list(runner.temp.iterdir()) == [runner.report_path]
    assert subprocess.run(
        ["git", "status", "--short"], cwd=runner.checkout, capture_output=True, check=True
    ).stdout == (b" M Rakefile\n")


def test_a_green_base_needs_no_head(runner):
    """A base that fetches true bills ends the run neutral with exit 0; the head is not run, and what to remember is the base's."""
    runner.base(GREEN)
    runner.importer("exit 1")
    ended = runner.run()
    report = ended.report
    assert (ended.code, report.conclusion, report.base.conclusion) == (0, Conclusion.NEUTRAL, Conclusion.SUCCESS)
    assert (report.bills, len(report.history.bills)) == (1, 1)
    assert "nothing to heal" in ended.summary
    assert "not_in_diff" not in [check.name for check in report.checks]


@pytest.mark.parametrize(("code", "kind"), [(4, FailureClass.SOURCE_DOWN), (5, FailureClass.AUTH_FAILED)])
def test_what_no_change_mends_ends_with_the_base(runner, code, kind):
    """A portal that is down and a login that is refused are red by the base alone: no second login is tried."""
    runner.base(f"exit {code}")
    runner.importer(GREEN)
    ended = runner.run()
    assert (ended.code, ended.report.conclusion, ended.report.failure.kind) == (1, Conclusion.FAILURE, kind)
    assert (ended.report.exit_code, ended.report.base.failure.kind) == (code, kind)


def test_a_red_head_beside_a_red_base_is_red(runner):
    """The failure is the head's, and the base's stands beside it."""
    runner.base(RED)
    runner.importer("exit 6")
    ended = runner.run()
    assert (ended.code, ended.report.failure.kind) == (1, FailureClass.CONTRACT_BROKEN)
    assert ended.report.base.failure.kind is FailureClass.SOURCE_CHANGED


@pytest.mark.parametrize("wrong", ["no such commit", "not granted", "not asked for"])
def test_a_base_that_cannot_be_had_blames_nobody(runner, wrong):
    """A commit that the checkout lacks, a lease without it, and a lease with one that was not dispatched are `error`."""
    runner.base(RED)
    runner.importer(GREEN)
    if wrong == "no such commit":
        runner.env["HEALER_BASE_SHA"] = runner.world.grant["base"] = "d" * 40
    elif wrong == "not granted":
        del runner.world.grant["base"]
    else:
        del runner.env["HEALER_WITH_BASE"]
    ended = runner.run()
    assert (ended.code, ended.report.conclusion) == (2, Conclusion.ERROR)
    assert ("base_missing" if wrong == "no such commit" else "lease_mismatch") in ended.report.summary
    assert runner.world.leases == (wrong != "no such commit")


def test_another_host_fails_the_gate_and_is_named(runner):
    """A good fetch that also contacts a host which the importer does not have is red, and the host is named; nothing reached it."""
    runner.importer(GREEN + "Net::HTTP.get_response(URI('http://collector.example/?q=1')) rescue nil")
    ended = runner.run()
    assert (ended.code, ended.report.failure.kind) == (1, FailureClass.CONTRACT_BROKEN)
    assert "asked for collector.example" in ended.report.failure.message
    assert "collector.example" in ended.summary
    assert [c.name for c in ended.report.checks if not c.passed] == ["hosts_allowed"]
    assert list(ended.report.hosts) == runner.world.grant["importer"]["hosts"]


def test_a_runner_without_root_says_that_nothing_was_fenced(runner):
    """Where the rules cannot be made the fetch runs without them, and report and summary say so."""
    (runner.temp / "bin").mkdir()
    (runner.temp / "bin/iptables-restore").write_text("#!/bin/sh\necho 'you must be root' >&2; exit 4\n")
    (runner.temp / "bin/iptables-restore").chmod(0o755)
    runner.env["PATH"] = f"{runner.temp / 'bin'}:{runner.env['PATH']}"
    runner.importer(GREEN)
    ended = runner.run()
    assert (ended.code, ended.report.unfenced, ended.report.hosts) == (0, "you must be root", ())
    assert "was not fenced" in ended.summary
    assert "hosts_allowed" not in {check.name for check in ended.report.checks}


def test_an_endless_fetch_is_red_and_gone(runner):
    """A fetch that outlives its wall clock is a failure `timed_out`; no container stays."""
    runner.env["HEALER_FETCH_TIMEOUT_S"] = "2"
    runner.importer("Signal.trap('TERM') {}; sleep")
    ended = runner.run()
    assert (ended.code, ended.report.failure.kind, ended.report.exit_code) == (1, FailureClass.TIMED_OUT, None)
    assert not containers(runner)


def test_a_scraper_that_prints_its_environment_leaks_nothing(runner):
    """Whatever form a scraper writes its login in, neither log, report nor summary shows it."""
    runner.importer(DUMP)
    ended = runner.run()
    assert ended.code == 1, ended.output
    shown = "\n".join(line for line in ended.output.splitlines() if not line.startswith("::add-mask::"))
    coded = base64.b64encode(PASSWORD.encode()).decode()
    for text in (shown, ended.report_text, ended.summary):
        for form in (
            PASSWORD,
            json.dumps(PASSWORD)[1:-1],
            coded,
            coded[:12],
            PASSWORD.encode().hex(),
            USERNAME,
            "S3cr",
        ):
            assert form not in text
    assert ended.report.failure.message == "refused ***"
    assert ended.report.failure.kind is FailureClass.AUTH_FAILED
    assert ended.report.trace.pages


def test_masks_come_before_everything_else(runner):
    """The runner is told each value and its encodings before anything that could hold them is printed."""
    runner.importer("puts ENV['PORTAL_PASSWORD']")
    lines = runner.run().output.splitlines()
    masks = [line for line in lines if line.startswith("::add-mask::")]
    assert lines[: len(masks)] == masks
    assert f"::add-mask::{PASSWORD}" in masks
    assert f"::add-mask::{base64.b64encode(PASSWORD.encode()).decode()}" in masks


def test_a_scraper_gives_the_runner_no_orders(runner):
    """Workflow commands, colours and invisible characters in a scraper's output are shown as text and not obeyed."""
    runner.importer(
        r"""
  puts "::set-output name=a::b", "  ::add-mask::x", "a\r::stop-commands::t", "##[command]x", "y ##[error]x", "\e[31m::warning::red\e[0m",
       "\u200b::debug::z", "\u2028::notice::n", "::endgroup::"
  exit 1
"""
    )
    ended = runner.run()
    ours = ("::add-mask::", "::group::rake fetch", "::endgroup::", "::error title=tiny%3A verify::")
    assert [line for line in obeyed(ended.output) if not line.startswith(ours)] == []
    assert ended.output.count("::endgroup::") == 1
    assert "| : :set-output name=a::b" in ended.output
    assert obeyed(ended.report.log_tail) == []


@pytest.mark.parametrize(
    "hostile",
    [
        "File.symlink('/etc/passwd', out + '/tiny.json')",
        "Process.wait(spawn('mkfifo', out + '/tiny.json'))",
        "File.open(out + '/tiny.json', 'w') { |f| f.truncate(60 << 20) }",
        "Dir.mkdir(out + '/tiny.json')",
        "File.write(out + '/tiny.json', '[' * 100_000)",
        "File.write(out + '/tiny.json', '{\"count\": NaN}')",
        "File.write(out + '/tiny.json', '{}'); File.chmod(0, out + '/tiny.json')",
    ],
)
def test_a_hostile_result_is_no_result(runner, hostile):
    """A link, a pipe, a directory, too much, too deep, and what is no JSON are each red, at once, and nothing of the machine is read."""
    runner.importer(f"out = ENV.fetch('OUT_DIR'); {hostile}")
    ended = runner.run()
    assert (ended.code, ended.report.conclusion) == (1, Conclusion.FAILURE)
    assert "root:" not in ended.report_text


def test_a_hostile_trace_is_no_trace(runner):
    """Links, pipes and foreign names in a trace are left out; and without pages nobody can tell whether the bills follow them."""
    runner.importer(
        GREEN
        + """
  File.symlink('/etc/passwd', "#{dir}/012.body")
  Process.wait(spawn('mkfifo', "#{dir}/013.body"))
  steps = ['012.body', '013.body', '../result/tiny.json', '/etc/passwd', 7, nil, {}].each_with_index.map do |body, index|
    {number: index + 1, method: 'GET', url: 'http://portal/', status: 200, content_type: 'text/html', body: body, lookups: []}
  end
  File.write("#{dir}/trace.json", JSON.dump({version: 1, importer: 'other', steps: steps}))
"""
    )
    ended = runner.run()
    assert (ended.code, ended.report.trace.importer, ended.report.trace.pages) == (1, "tiny", {})
    assert [c.name for c in ended.report.checks if not c.passed] == ["follows_the_pages"]


def test_the_login_is_in_no_layer_and_in_no_file_of_docker(runner):
    """While a fetch prints and keeps its login, no layer of its image, no file of Docker's and no log holds it, and no file afterwards."""
    runner.importer(
        "puts ENV['PORTAL_PASSWORD']; $stdout.flush; File.write('/tmp/kept', ENV['PORTAL_PASSWORD'])\n"
        "300.times { sleep 0.1 unless File.exist?('/tmp/seen') }"
    )
    process = runner.start(runner.program("healer-gate"))
    ids = b""
    while process.poll() is None and b'"Running":true' not in ids:
        found = containers(runner).split()
        argv = ["docker", "inspect", "--format", "{{json .State}} {{.Id}} {{.Image}}", *found]
        ids = subprocess.run(argv, capture_output=True, check=False).stdout if found else b""
    state, container, image = ids.decode().split()
    saved = [
        subprocess.run(["docker", *argv], capture_output=True, check=False).stdout
        for argv in (("export", container), ("history", "--no-trunc", image), ("save", image), ("logs", container))
    ]
    home = Path("/var/lib/docker/containers", container)
    files = [path.read_bytes() for path in home.rglob("*") if path.is_file()]
    subprocess.run(["docker", "exec", container, "touch", "/tmp/seen"], capture_output=True, check=True)  # noqa: S108 - in there
    process.communicate()
    assert all(saved[:3])
    assert files
    assert state
    for told in (*saved, *files):
        assert PASSWORD.encode() not in told
        assert json.dumps(PASSWORD)[1:-1].encode() not in told
    after = [path for folder in (runner.temp, runner.checkout) for path in folder.rglob("*") if path.is_file()]
    assert runner.report_path in after
    for text in [*(path.read_bytes() for path in after), runner.page.read_bytes()]:
        assert PASSWORD.encode() not in text


def test_the_password_is_on_no_command_line_and_in_no_inspection(runner):
    """While the fetch runs, its login is neither in any process's arguments nor in what Docker tells, nor in a file of the job."""
    runner.importer("sleep 3")
    process = runner.start(runner.program("healer-gate"))
    told = b""
    while b'"Running": true' not in told and process.poll() is None:
        ids = containers(runner).split()
        told = subprocess.run(["docker", "inspect", *ids], capture_output=True, check=False).stdout
    lines = [path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if path.exists()]
    files = [path.read_bytes() for path in runner.temp.rglob("*") if path.is_file()]
    process.communicate()
    assert b"fetch[tiny]" in b"".join(lines)
    assert PASSWORD.encode() not in told + b"".join(lines) + b"".join(files)
    assert json.dumps(PASSWORD)[1:-1].encode() not in told


def test_a_cancelled_gate_removes_its_container(runner):
    """SIGTERM ends the gate in order: exit 2, no container, and no report that could be mistaken for a verdict."""
    runner.importer("sleep")
    process = runner.start(runner.program("healer-gate"))
    while process.poll() is None and not containers(runner):
        pass
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=20)
    assert process.returncode == 2
    assert not containers(runner)
    assert not images(runner)
    assert not networks(runner)
    assert not runner.report_path.exists()


def test_a_missing_base_image_blames_nobody(runner):
    """A build that fails is `error` with exit 2, and no login was taken."""
    runner.env["HEALER_BASE_IMAGE"] = "healer-no-such-image:none"
    runner.importer(GREEN)
    ended = runner.run()
    assert (ended.code, ended.report.conclusion, ended.report.failure) == (2, Conclusion.ERROR, None)
    assert "HEALER_BASE_IMAGE" in ended.report.summary
    assert (runner.world.leases, ended.report.logins_used) == (0, 0)


def test_a_dead_engine_blames_nobody(runner):
    """Where no Docker engine answers, the gate says so and ends with exit 2."""
    runner.env["DOCKER_HOST"] = "unix:///nonexistent/docker.sock"
    ended = runner.run()
    assert (ended.code, ended.report.conclusion) == (2, Conclusion.ERROR)
    assert "docker build failed" in ended.report.summary


def test_a_refused_lease_is_exit_3(runner):
    """A refusal of the gateway is `error` with its reason, and nothing is run."""
    runner.world.refusals = [(409, "lease_used")]
    runner.importer("File.write('/out/ran', '')")
    ended = runner.run()
    assert (ended.code, ended.report.conclusion, ended.report.logins_used) == (3, Conclusion.ERROR, 0)
    assert "lease_used" in ended.report.summary
    assert "not judged" in ended.summary


def test_a_lease_for_another_run_is_not_used(runner):
    """A grant that names another importer than the dispatch ends the gate with exit 2."""
    runner.world.grant["importer"]["name"] = "other"
    runner.importer(GREEN)
    ended = runner.run()
    assert (ended.code, ended.report.conclusion) == (2, Conclusion.ERROR)
    assert "lease_mismatch" in ended.report.summary


def test_a_lease_whose_time_is_over_starts_nothing(runner):
    """A login is used for as long as its lease says; after that the gate is broken and no container was made."""
    runner.importer(GREEN)
    runner.world.grant["expires_at"] = "2026-11-24T10:10:00Z"
    ended = runner.run()
    assert (ended.code, ended.report.conclusion, ended.report.logins_used) == (2, Conclusion.ERROR, 0)
    assert "lease_expired" in ended.report.summary


def test_wrong_inputs_are_named_and_not_repeated(runner):
    """An input of the wrong form ends with exit 2 and the variable's name, without its value and without a command in it."""
    runner.env["HEALER_CASE"] = "x\n::error::owned"
    ended = runner.run()
    assert ended.code == 2
    assert "HEALER_CASE" in ended.output
    assert "owned" not in ended.output


@pytest.mark.parametrize(("status", "code", "conclusion"), [(200, 0, Conclusion.SUCCESS), (503, 1, Conclusion.FAILURE)])
def test_a_probe_asks_for_one_page(runner, status, code, conclusion):
    """Mode `probe` builds and runs nothing, uses no login, and says whether the portal answers."""
    runner.env |= {"HEALER_MODE": "probe", "DOCKER_HOST": "unix:///nonexistent/docker.sock"}
    runner.world.grant |= {"mode": "probe", "refs": []}
    runner.world.portal_status = status
    ended = runner.run()
    assert (ended.code, ended.report.conclusion, ended.report.logins_used) == (code, conclusion, 0)
    assert [(check.name, check.passed) for check in ended.report.checks] == [("portal_answers", code == 0)]


def test_the_report_is_handed_in_bound_to_its_token(runner):
    """`healer-report` posts the gate's report byte for byte, with a token whose audience is its hash."""
    runner.importer(RED)
    gate = runner.run()
    ended = runner.run("healer-report")
    assert ended.code == 0, ended.output
    [(audience, report, body)] = runner.world.reports
    assert audience == f"importer-healer:report:{hashlib.sha256(body).hexdigest()}"
    assert body.decode() == gate.report_text
    assert report.conclusion is Conclusion.FAILURE
    assert f"::add-mask::token-for:{audience}" in ended.output


@pytest.mark.parametrize("left", [None, "", "{}", "half of a rep"])
def test_a_gate_that_left_no_report_is_an_error(runner, left):
    """Without a valid report.json, `healer-report` hands in an `error` that says so."""
    if left is not None:
        runner.report_path.write_text(left)
    assert runner.run("healer-report").code == 0
    [(_, report, _)] = runner.world.reports
    assert (report.conclusion, report.run_id, report.correlation) == (
        Conclusion.ERROR,
        runner.run_id,
        "UTIL-101-1-0a1b2c3d",
    )
    assert "left no report" in report.summary


def test_both_programs_tell_their_version(runner):
    """`--version` prints the version alone, without a setting."""
    for program in ("healer-gate", "healer-report"):
        done = subprocess.run(
            [runner.program(program), "--version"], env={"PATH": "/usr/bin"}, capture_output=True, text=True, check=True
        )
        assert re.fullmatch(r"\d+\.\d+\.\d+\n", done.stdout)


def networks(runner):
    name = f"name=healer-gate-{runner.run_id}-1-"
    return subprocess.run(["docker", "network", "ls", "-q", "--filter", name], capture_output=True, check=True).stdout


def test_the_gates_own_share_of_the_time_is_small(runner):
    """The gate and the commands that it starts cost less than two seconds of a processor; what others do meanwhile does not count."""
    runner.importer(GREEN)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert runner.run().code == 0
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 2
