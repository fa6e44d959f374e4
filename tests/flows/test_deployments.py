"""`deployments/prefect.yaml` as the runner reads it."""

from pathlib import Path

import pytest

from flows.deployments import read
from healer.errors import Misconfigured

FILE = Path(__file__).resolve().parents[2] / "deployments/prefect.yaml"


def test_flows_are_defined_by_dotted_entrypoints():
    """The gateway's three deployments and the rounds are there, and no entrypoint is a file path."""
    found = {f"{one.flow_name}/{one.name}": one.entrypoint for one in read(FILE)}
    assert found == {
        "command/command": "flows.command.command",
        "digest/digest": "flows.digest.digest",
        "family/family": "flows.family.family",
        "fleet/fleet": "flows.fleet.fleet",
        "heal/heal": "flows.heal.heal",
        "publish/publish": "flows.publish.publish",
        "reconcile/reconcile": "flows.reconcile.reconcile",
        "retention/retention": "flows.retention.retention",
        "sweep/sweep": "flows.sweep.sweep",
        "watch/watch": "flows.watch.watch",
    }


def test_rounds_have_schedules():
    """What looks at everything is scheduled; what a case asks for is not."""
    schedules = {
        one.name: [each.schedule.interval.total_seconds() for each in one.schedules or ()] for one in read(FILE)
    }
    assert schedules == {
        "command": [],
        "digest": [604800],
        "family": [1800],
        "fleet": [3600],
        "heal": [],
        "publish": [],
        "reconcile": [120],
        "retention": [86400],
        "sweep": [900],
        "watch": [3600],
    }


@pytest.mark.parametrize("text", ["", "- a list", "deployments: []", "pull: []\ndeployments: []", "pull: [\n"])
def test_file_of_another_form_is_named(tmp_path, text):
    """A file that defines nothing usable is refused with its name and the way out."""
    (tmp_path / "prefect.yaml").write_text(text)
    with pytest.raises(Misconfigured, match=r"prefect\.yaml does not define deployments.*--deployments"):
        read(tmp_path / "prefect.yaml")


def test_absent_file_is_named(tmp_path):
    """So is a file that is not there."""
    with pytest.raises(Misconfigured, match="absent"):
        read(tmp_path / "absent.yaml")
