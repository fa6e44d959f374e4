"""The base job templates of the pool whose workers give each agent's run a task of its own, by the schemas of those who read them."""

import json
from pathlib import Path

import botocore.session
import prefect
import pytest
import yaml
from botocore.validate import ParamValidator
from prefect.utilities.templating import apply_values, find_placeholders
from prefect_aws.workers.ecs_worker import ECSJobConfiguration

from flows.pools import APART

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = {
    "ecs": ROOT / "deployments/terraform/pool.json",
    "kubernetes": ROOT / "deployments/kubernetes/pool.json",
}
RENDERED = {
    "${cluster}": "importer-healer",
    "${family}": "importer-healer-run",
    "${subnets}": '["subnet-1", "subnet-2"]',
    "${groups}": '["sg-1"]',
}
"""What Terraform puts in."""
GIVEN = {
    "name": "heal-UTIL-101-0",
    "command": "prefect flow-run execute",
    "env": {"PREFECT__FLOW_RUN_ID": "made-up"},
    "labels": {"prefect.io/flow-run-name": "heal-UTIL-101-0"},
}
"""What a worker and a deployment of ours put in."""


def template(kind):
    text = TEMPLATES[kind].read_text()
    for mark, value in RENDERED.items():
        text = text.replace(mark, value)
    return json.loads(text)


def known(kind):
    """Give the template that Prefect itself ships for a type of pool."""
    path = Path(prefect.__file__).parent / "server/api/collections_data/views/aggregate-worker-metadata.json"
    collections = json.loads(path.read_text())
    return next(types[kind] for types in collections.values() if kind in types)["default_base_job_configuration"]


@pytest.mark.parametrize("kind", TEMPLATES)
def test_a_template_asks_for_what_is_given_and_fixes_the_rest(kind):
    """Each placeholder is a variable, each variable is a placeholder, and nobody chooses image, role, secret or size in the UI."""
    ours = template(kind)
    placeholders = {each.name for each in find_placeholders(ours["job_configuration"])}
    assert placeholders == set(ours["variables"]["properties"]) == set(GIVEN)
    assert "required" not in ours["variables"]


@pytest.mark.parametrize("kind", TEMPLATES)
def test_a_template_has_members_that_the_worker_knows(kind):
    """A member that Prefect's own template of the type lacks would be passed over without a word."""
    assert set(template(kind)["job_configuration"]) <= set(known(kind)["job_configuration"])


def test_ecs_runs_what_the_template_says():
    """prefect-aws takes the template, and AWS the request that it makes of it: our definition, private subnets, no public address."""
    made = ECSJobConfiguration.model_validate(apply_values(template("ecs")["job_configuration"], GIVEN))
    request = made.task_run_request
    (override,) = request["overrides"]["containerOverrides"]
    # prefect-aws gives these their last form when it starts the task.
    override |= {
        "command": override["command"].split(),
        "environment": [{"name": name, "value": value} for name, value in override["environment"].items()],
    }
    tags = [{"key": key, "value": value} for key, value in request["tags"].items()]
    shape = botocore.session.get_session().get_service_model("ecs").operation_model("RunTask").input_shape
    assert not ParamValidator().validate({**request, "tags": tags}, shape).has_errors()
    assert (made.cluster, made.container_name, override["name"]) == ("importer-healer", "run", "run")
    assert request["taskDefinition"] == "importer-healer-run"
    assert request["networkConfiguration"]["awsvpcConfiguration"]["assignPublicIp"] == "DISABLED"


def test_kubernetes_job_is_hardened():
    """A job writes nothing to its image, runs as nobody, keeps no capability, has no token of the cluster, and is not tried again."""
    job = template("kubernetes")["job_configuration"]["job_manifest"]["spec"]
    pod = job["template"]["spec"]
    (container,) = pod["containers"]
    assert (job["backoffLimit"], pod["restartPolicy"], pod["automountServiceAccountToken"]) == (0, "Never", False)
    assert (pod["securityContext"]["runAsNonRoot"], pod["securityContext"]["runAsUser"]) == (True, 10001)
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert all(volume == {"name": volume["name"], "emptyDir": {}} for volume in pod["volumes"])


def test_whoever_starts_runs_serves_the_same_pool():
    """Terraform's services, the chart's values and the deployments mean one pool; agents are in it, the rounds are not."""
    services = (ROOT / "deployments/terraform/services.tf").read_text()
    assert 'HEALER_TASK_POOL = "healer-tasks"' in services
    values = yaml.safe_load((ROOT / "deployments/kubernetes/values.yaml").read_text())
    assert values["worker"]["config"]["workPool"] == "healer-tasks"
    entries = yaml.safe_load((ROOT / "deployments/prefect.yaml").read_text())["deployments"]
    scheduled = {entry["name"] for entry in entries if "schedules" in entry}
    assert {entry["name"] for entry in entries} > APART
    assert not scheduled & APART
