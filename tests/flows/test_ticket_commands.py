"""People's commands by comments on tickets, told from outside."""

import httpx
import pytest

from flow_desk import Desk
from flow_site import wait_for
from healer.contracts import State
from jira_site import ANNS_TOKEN, CONFIG, GROUP, ROOTS_TOKEN
from loopback import NO_TLS

SETTINGS = {"HEALER_JIRA_COMMAND_GROUP": GROUP, "HEALER_RECONCILE_PENDING_S": "0.1", "HEALER_RECONCILE_SILENT_S": "2"}


@pytest.fixture
def opened(desk: Desk) -> Desk:
    """Give a desk whose ticket, laid here, is diagnosed although a stranger has told the case to stop."""
    laid = {**CONFIG["tickets"][0], "key": desk.case_id}
    httpx.post(f"{desk.jira.url}/_control/tickets", json=laid, verify=NO_TLS, trust_env=False).raise_for_status()
    say(desk, "/healer stop", "root")
    desk.deliver()
    desk.work()
    desk.work()
    assert desk.case.state is State.DIAGNOSING
    return desk


def say(desk: Desk, text: str, name: str = "ann") -> str:
    """Comment on the ticket; give the start of the marker of the answer."""
    token = ANNS_TOKEN if name == "ann" else ROOTS_TOKEN
    number = desk.jira.library(name, token).add_comment(desk.case_id, text).id
    return f"{{anchor:importer-healer:answer:ticket:{number}}}"


def answers(desk: Desk, marker: str) -> list[str]:
    """Give what the healer wrote about a comment."""
    return [body.split("\n\n{anchor")[0] for body in desk.comments() if body.endswith(marker)]


@pytest.mark.parametrize("desk", ["UTIL-321"], indirect=True)
def test_members_are_obeyed_on_the_ticket_once_and_nobody_else(opened: Desk):
    """Strangers are told no; a member is told why not, answered, or obeyed; each comment once; the ticket says by whom."""
    said = [
        say(opened, "/healer take", "root"),
        say(opened, "/healer make tea"),
        say(opened, "/healer release"),
        say(opened, "/healer explain\n\nsince I was away"),
        say(opened, "/healer stop {color:red}x{color} the portal is rebuilt"),
    ]
    opened.paste("/healer")
    opened.jira.fault(match=r"GET .*/user$", status=403)
    opened.reconcile()
    states = [run["state_type"] for run in opened.work()]
    assert states.count("FAILED") == 1, "who may not be asked is not obeyed"
    assert opened.kinds().count("commanded") == 7

    def are_answered() -> bool:
        opened.reconcile()
        opened.work()
        return all(answers(opened, one) for one in said)

    wait_for(are_answered, 30, pause_s=1)
    opened.work()
    not_allowed, unclear, refused, explained, stopped = (answers(opened, one)[0] for one in said)
    assert not_allowed == "Importer Healer: not allowed."
    assert "{{budget \\+N}}" in unclear
    assert "nobody has taken the case" in refused
    assert "h3. UTIL-321: brightwater is" in explained
    assert (stopped, opened.case.state) == ("Importer Healer: obeyed.", State.STOPPED)
    assert "Stopped by Ann: \\{color:red\\}x\\{color\\} the portal is rebuilt" in "".join(opened.comments())
    before = opened.kinds()
    opened.reconcile()
    assert (opened.kinds(), opened.kinds().count("stopped")) == (before, 1)
    retried = say(opened, "/healer retry look at the table")
    opened.reconcile()
    opened.work()
    assert (answers(opened, retried), opened.case.hint) == (["Importer Healer: obeyed."], "look at the table")
    assert opened.kinds().count("retried") == 1
    opened.tell("stop")
    opened.work()


@pytest.mark.parametrize("desk", ["UTIL-322"], indirect=True)
def test_ticket_is_read_again_before_what_the_world_sees(opened: Desk):
    """A stop that nobody has heard yet holds the next step and is obeyed; where JIRA does not tell, nothing is done."""
    opened.report()
    opened.jira.fault(match=r"GET .*UTIL-322/comment$", status=403)
    (run,) = (run for run in opened.work() if run["state_type"] == "FAILED")
    assert (opened.case.state, opened.kinds()[-1]) == (State.PATCHING, "pending")
    marker = say(opened, "/healer stop")
    assert opened.again(run["id"])["state_type"] == "COMPLETED"
    assert (opened.case.attempts, opened.kinds()[-1]) == ((), "held")
    opened.work()
    opened.work()
    assert (opened.case.state, opened.github.head("heal/UTIL-322")) == (State.STOPPED, None)
    assert answers(opened, marker) == ["Importer Healer: obeyed."]
