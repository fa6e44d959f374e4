# What Terraform would make, planned by AWS' own provider without an account: `terraform init -backend=false && terraform test`.
# What needs an answer of AWS is given here; nothing is asked, and nothing is made.
provider "aws" {
  region                      = "eu-central-1"
  access_key                  = "made-up"
  secret_key                  = "made-up"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
}

override_data {
  target = data.aws_caller_identity.here
  values = { account_id = "123456789012" }
}

override_data {
  target = data.aws_ssm_parameter.machine_image
  values = { value = "ami-0123456789abcdef0" }
}

variables {
  region            = "eu-central-1"
  zones             = ["eu-central-1a", "eu-central-1b"]
  gateway_image     = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/importer-healer-gateway@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
  worker_image      = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/importer-healer-worker@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
  certificate_arn   = "arn:aws:acm:eu-central-1:123456789012:certificate/aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa"
  callers           = ["192.0.2.0/24", "198.51.100.0/24"]
  egress            = ["140.82.112.0/20"]
  settings          = { HEALER_JIRA_PROJECT = "UTIL" }
  alarm_topic_arn   = "arn:aws:sns:eu-central-1:123456789012:alarms"
  access_log_bucket = "logs"
}

run "everything_can_be_planned" {
  command = plan

  assert {
    condition     = toset(keys(aws_ecs_service.all)) == toset(["gateway", "prefect", "worker", "launcher"])
    error_message = "Four services run; a run of an agent is a task of its own."
  }
  assert {
    condition     = length(jsondecode(aws_ecs_task_definition.all["launcher"].container_definitions)[0].secrets) == 0
    error_message = "The launcher is told no secret."
  }
  assert {
    condition     = jsondecode(aws_ecs_task_definition.all["run"].container_definitions)[0].name == "run"
    error_message = "The work pool speaks to the container by this name."
  }
  assert {
    condition     = toset([for rule in aws_vpc_security_group_ingress_rule.world_to_alb : rule.cidr_ipv4]) == toset(var.callers)
    error_message = "The world that reaches the load balancer is the callers."
  }
  assert {
    condition     = toset([for rule in aws_vpc_security_group_egress_rule.out : rule.cidr_ipv4]) == toset(var.egress)
    error_message = "What leaves by an address goes by the allow-list."
  }
}

run "operators_reach_prefect_and_the_ledger" {
  command = plan
  variables {
    operators = ["10.90.0.0/22"]
  }
  assert {
    condition     = { for rule in aws_vpc_security_group_ingress_rule.operators : rule.from_port => rule.cidr_ipv4 } == { 4200 = "10.90.0.0/22", 6379 = "10.90.0.0/22" }
    error_message = "Operators reach these two, from their own network."
  }
}

run "a_public_range_of_operators_is_refused" {
  command = plan
  variables {
    operators = ["10.90.0.0/22", "203.0.113.0/24"]
  }
  expect_failures = [var.operators]
}

run "an_image_without_a_digest_is_refused" {
  command = plan
  variables {
    worker_image = "importer-healer-worker:latest"
  }
  expect_failures = [var.worker_image]
}
