"""The rules that the Terraform keeps, read from its syntax: least rights, nothing open, everything sealed, secrets by reference."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hcl2
import pytest

from healer.settings import FlowSettings, GatewaySettings

FOLDER = Path(__file__).resolve().parents[2] / "deployments/terraform"
FILES = sorted(FOLDER.glob("*.tf"))


def bare(value: Any) -> Any:
    """Take the quotes off names and texts, which python-hcl2 leaves on."""
    if isinstance(value, dict):
        return {bare(key): bare(item) for key, item in value.items()}
    if isinstance(value, list):
        return [bare(item) for item in value]
    return value.strip('"') if isinstance(value, str) else value


@pytest.fixture(scope="module")
def documents() -> dict[str, dict[str, Any]]:
    return {path.name: bare(hcl2.loads(path.read_text())) for path in FILES}


@pytest.fixture(scope="module")
def resources(documents) -> dict[str, dict[str, Any]]:
    """Give `type.name` → body of every resource."""
    found: dict[str, dict[str, Any]] = {}
    for document in documents.values():
        for block in document.get("resource", []):
            for kind, named in block.items():
                if not kind.startswith("__"):
                    found |= {f"{kind}.{name}": body for name, body in named.items() if not name.startswith("__")}
    return found


def of(resources: dict[str, Any], kind: str) -> dict[str, Any]:
    found = {name: body for name, body in resources.items() if name.startswith(f"{kind}.")}
    assert found, kind
    return found


def statements(documents) -> Iterator[dict[str, Any]]:
    for block in documents["iam.tf"]["data"]:
        for body in block.get("aws_iam_policy_document", {}).values():
            if isinstance(body, dict):
                yield from body["statement"]


def test_every_file_can_be_read(documents):
    """Terraform's own syntax holds in each file."""
    assert {"iam.tf", "security.tf", "services.tf", "data.tf", "network.tf", "keys.tf", "logs.tf"} <= set(documents)


def test_no_role_may_do_everything(documents):
    """No policy has a wildcard for an action; a resource is a wildcard for the two actions alone that AWS knows in no other way."""
    found = list(statements(documents))
    assert len(found) >= 8
    for statement in found:
        assert [action for action in statement["actions"] if "*" in action] == []
        if "*" in statement.get("resources", []):
            assert statement["actions"] in (["ecr:GetAuthorizationToken"], ["ecs:DescribeTaskDefinition"])


def test_services_share_no_role(resources, documents):
    """Gateway, worker and Prefect server start and run under roles of their own, and read each its own secrets."""
    for name in ("start", "task"):
        assert "for_each" in resources[f"aws_iam_role.{name}"]
    task = resources["aws_ecs_task_definition.all"]
    assert "aws_iam_role.start[each.key]" in task["execution_role_arn"]
    assert "aws_iam_role.task[each.key]" in task["task_role_arn"]
    assert "local.read[each.key]" in (FOLDER / "iam.tf").read_text()


def test_only_the_launcher_may_do_something_in_aws(resources, documents):
    """It starts one task definition in one cluster and hands over that task's own two roles; every other task has no policy."""
    policies = of(resources, "aws_iam_role_policy")
    of_tasks = {name for name, body in policies.items() if "aws_iam_role.task" in body["role"]}
    assert of_tasks == {"aws_iam_role_policy.launcher"}
    by_sid = {each.get("sid"): each for each in statements(documents)}
    assert by_sid["Start"]["resources"] == ['${aws_ecs_task_definition.all["run"].arn_without_revision}:*']
    assert by_sid["Start"]["condition"][0]["variable"] == "ecs:cluster"
    assert by_sid["HandOver"]["resources"] == ['${aws_iam_role.start["run"].arn}', '${aws_iam_role.task["run"].arn}']
    assert by_sid["HandOver"]["condition"][0]["values"] == ["ecs-tasks.amazonaws.com"]


def test_the_world_reaches_the_load_balancer_alone(resources):
    """One rule lets the world in, on 443, to the load balancer; others name a group of ours, or operators. Nothing is public."""
    rules = of(resources, "aws_vpc_security_group_ingress_rule")
    open_ones = {name: body for name, body in rules.items() if "cidr_ipv4" in body or "cidr_ipv6" in body}
    assert [name.rpartition(".")[2] for name in open_ones] == ["world_to_alb", "operators"]
    rule, of_operators = open_ones.values()
    assert of_operators["for_each"] == "${local.operated}"
    assert (rule["from_port"], rule["to_port"]) == (443, 443)
    assert "aws_security_group.alb.id" in rule["security_group_id"]
    for group in of(resources, "aws_security_group").values():
        assert not {"ingress", "egress"} & set(group)
    assert resources["aws_ecs_service.all"]["network_configuration"][0]["assign_public_ip"] is False
    assert resources["aws_db_instance.prefect"]["publicly_accessible"] is False
    assert resources["aws_instance.ledger"]["associate_public_ip_address"] is False


def test_services_go_out_by_an_allow_list(resources):
    """What leaves goes to the given addresses, to S3's list or to a group of ours, and never to everywhere."""
    for rule in of(resources, "aws_vpc_security_group_egress_rule").values():
        assert {"cidr_ipv4", "prefix_list_id", "referenced_security_group_id"} & set(rule)
        assert rule.get("cidr_ipv4") in {None, "${each.value.to}"}
    assert "0.0.0.0/0" not in (FOLDER / "security.tf").read_text()


@pytest.mark.parametrize(
    ("name", "member"),
    [
        ("aws_db_instance.prefect", "storage_encrypted"),
        ("aws_ebs_volume.ledger", "encrypted"),
        ("aws_elasticache_replication_group.messages", "at_rest_encryption_enabled"),
        ("aws_elasticache_replication_group.messages", "transit_encryption_enabled"),
        ("aws_kms_key.main", "enable_key_rotation"),
    ],
)
def test_what_lies_and_what_travels_is_sealed(resources, name, member):
    """Disks, database and messages are encrypted, with a key of ours that is rotated."""
    assert resources[name][member] is True
    if "encrypted" in member or "at_rest" in member:
        assert "aws_kms_key.main.arn" in str(resources[name].get("kms_key_id"))


def test_logs_are_kept_for_so_long_and_sealed(resources):
    """Every log group has an end and our key."""
    for group in of(resources, "aws_cloudwatch_log_group").values():
        assert "var.log_days" in str(group["retention_in_days"])
        assert "aws_kms_key.main.arn" in group["kms_key_id"]


def test_containers_are_hardened_and_told_secrets_by_reference():
    """A container writes nothing to its image, runs as nobody, has no capability, and gets secrets by the name of a parameter."""
    text = (FOLDER / "services.tf").read_text()
    for promise in (
        "readonlyRootFilesystem = true",
        'user                   = "10001:10001"',
        'drop = ["ALL"]',
        "healthCheck",
    ):
        assert promise in text
    assert re.search(
        r"secrets\s+= \[for name in local\.services\[each\.key\]\.reads : \{.*valueFrom = local\.parameter\[name\]",
        text,
    )
    values = re.findall(r"\b(?:HEALER|PREFECT)_\w*(?:TOKEN|KEYS?|SECRET|PASSWORD|DATABASE)\w*\s*=\s*(\S+)", text)
    assert [value for value in values if value != '"PREFECT_API_DATABASE_CONNECTION_URL"'] == []


def test_no_secret_passes_through_terraforms_state(documents, resources):
    """Terraform makes no parameter and no password: its state would hold them. Secrets are settings that there are."""
    assert not [name for name in resources if name.startswith(("aws_ssm_parameter.", "random_password."))]
    assert resources["aws_db_instance.prefect"]["manage_master_user_password"] is True
    assert "password" not in resources["aws_db_instance.prefect"]
    variables = {name: body for block in documents["variables.tf"]["variable"] for name, body in block.items()}
    for name, room in (("gateway_secrets", GatewaySettings), ("worker_secrets", FlowSettings)):
        told = variables[name]["default"]
        assert {each.removeprefix("HEALER_").lower() for each in told} <= set(room.model_fields)
        assert set(told) <= set(variables["secrets"]["default"])


def test_what_is_lost_can_be_restored(resources):
    """Database and ledger outlive a mistake: backups, snapshots, protection against deletion."""
    database = resources["aws_db_instance.prefect"]
    assert (database["deletion_protection"], database["skip_final_snapshot"]) == (True, False)
    assert database["backup_retention_period"] >= 7
    assert resources["aws_ebs_volume.ledger"]["lifecycle"][0]["prevent_destroy"] is True
    assert resources["aws_dlm_lifecycle_policy.ledger"]["state"] == "ENABLED"


def test_the_ledger_does_not_forget():
    """The machine's Redis is configured as the processes demand it."""
    text = (FOLDER / "ledger.sh").read_text()
    for line in ("appendonly yes", "appendfsync always", "maxmemory-policy noeviction", "requirepass"):
        assert line in text


def test_images_are_named_by_digest(documents):
    """A tag could mean another image tomorrow."""
    variables = {name: body for block in documents["variables.tf"]["variable"] for name, body in block.items()}
    for name in ("gateway_image", "worker_image"):
        assert "@sha256:" in str(variables[name]["validation"])
