"""The agent without a model, on a real folder."""

import asyncio
import json
from pathlib import Path

import pytest

from factories import make_failure, make_importer
from healer.clients.agents.relocate import RelocateAgent
from healer.clients.agents.seam import Agent
from healer.contracts import Brief, Lookup, Trace, TraceStep
from healer.errors import UpstreamError

FILE = "lib/gatherers/brightwater.rb"
SOURCE = 'class Brightwater\n  def gather\n    dig!(json, "customer.customer_no")\n  end\nend\n'
PAGES = Path(__file__).parents[2] / "pages"


def make_brief():
    lookup = Lookup(selector="customer.customer_no", kind="json", found=1, file=FILE, line=3)
    step = TraceStep(
        number=1, method="GET", url="https://x.example/api", status=200, page="001.json", lookups=(lookup,)
    )
    good, now = (
        Trace(importer="brightwater", steps=(step,), pages={"001.json": (PAGES / name).read_text()})
        for name in ("api_old.json", "api_new.json")
    )
    failure = make_failure(step=1, selector=lookup.selector, file=FILE, line=3)
    return Brief(
        case="UTIL-101",
        attempt=1,
        importer=make_importer(),
        failure=failure,
        now=now,
        last_good=good,
        prompt_version="1",
    )


@pytest.fixture
def clone(tmp_path):
    place = tmp_path / "clone" / FILE
    place.parent.mkdir(parents=True)
    place.write_text(SOURCE)
    return tmp_path / "clone"


def work(clone):
    agent: Agent = RelocateAgent()
    return asyncio.run(agent.work(make_brief(), clone, lambda step: None))


def test_the_importers_own_file_is_edited(clone):
    """The file is mended in place, and the answer says by whom, what and how long it took."""
    answer = work(clone)
    assert (clone / FILE).read_text() == SOURCE.replace("customer.customer_no", "payload.account.customerNo")
    assert (answer.agent, len(answer.changes), answer.not_fixable_because) == ("relocate", 1, None)
    assert answer.spend.usd == 0


def test_a_run_stays_below_its_ceiling(clone):
    """What is debited before a run covers what the run costs: no money, and less than the seconds."""
    ceiling, spend = RelocateAgent().ceiling, work(clone).spend
    assert (ceiling.usd, spend.usd) == (0, 0)
    assert spend.seconds < ceiling.seconds


def test_where_nothing_can_be_done_nothing_is_written(clone):
    """A source without the literal stays byte for byte."""
    (clone / FILE).write_text("class Brightwater\nend\n")
    assert work(clone).not_fixable_because
    assert (clone / FILE).read_text() == "class Brightwater\nend\n"


def test_a_file_that_is_not_there_is_not_made(clone):
    """An importer whose file is gone is not mended."""
    (clone / FILE).unlink()
    assert work(clone).not_fixable_because
    assert not (clone / FILE).exists()


def test_no_link_leads_out_of_the_clone(clone, tmp_path):
    """A file or folder that is a link is neither read nor written."""
    outside = tmp_path / "outside.rb"
    outside.write_text(SOURCE)
    (clone / FILE).unlink()
    (clone / FILE).symlink_to(outside)
    with pytest.raises(UpstreamError, match="unreadable"):
        work(clone)
    assert outside.read_text() == SOURCE
    (clone / FILE).unlink()
    (clone / "lib/gatherers").rmdir()
    (clone / "lib/gatherers").symlink_to(tmp_path)
    (tmp_path / "brightwater.rb").write_text(json.dumps("secret"))
    with pytest.raises(UpstreamError, match="unreadable"):
        work(clone)


def test_bytes_that_are_no_text_are_an_error(clone):
    """A file that is not UTF-8 is an error that names no content."""
    (clone / FILE).write_bytes(b"\xff\xfe secret")
    with pytest.raises(UpstreamError, match="UnicodeDecodeError") as raised:
        work(clone)
    assert "secret" not in str(raised.value)
