# One role a service, each with what it uses. Prefect's server has no right at all but to read its own settings at its start; the
# launcher starts tasks and reads no secret, and what it starts (`run`) reads secrets and may do nothing in AWS.
locals {
  services = {
    gateway  = { reads = setunion(var.gateway_secrets, ["HEALER_REDIS_URL"]) }
    worker   = { reads = setunion(var.worker_secrets, ["HEALER_REDIS_URL"]) }
    run      = { reads = setunion(var.worker_secrets, ["HEALER_REDIS_URL"]) }
    prefect  = { reads = toset(["PREFECT_DATABASE"]) }
    launcher = { reads = toset([]) }
  }
  read = { for name, service in local.services : name => [for secret in service.reads : local.parameter[secret]] }
}

data "aws_iam_policy_document" "tasks" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["ecs-tasks.amazonaws.com"]
    }
    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [data.aws_caller_identity.here.account_id]
    }
  }
}

# What ECS does for a task before it runs: pull the image, open the secrets, write the log.
resource "aws_iam_role" "start" {
  for_each           = local.services
  name               = "importer-healer-${each.key}-start"
  assume_role_policy = data.aws_iam_policy_document.tasks.json
}

data "aws_iam_policy_document" "start" {
  for_each = local.services
  dynamic "statement" {
    for_each = length(local.read[each.key]) > 0 ? { Secrets = ["ssm:GetParameters", local.read[each.key]], OpenThem = ["kms:Decrypt", [aws_kms_key.main.arn]] } : {}
    content {
      sid       = statement.key
      actions   = [statement.value[0]]
      resources = statement.value[1]
    }
  }
  statement {
    sid       = "Log"
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = ["${aws_cloudwatch_log_group.all[each.key].arn}:log-stream:${each.key}/*"]
  }
  statement {
    sid       = "Image"
    actions   = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
    resources = ["arn:aws:ecr:${var.region}:${data.aws_caller_identity.here.account_id}:repository/importer-healer-*"]
  }
  statement {
    # ECR knows this action for the whole registry only.
    sid       = "Registry"
    actions   = ["ecr:GetAuthorizationToken"]
    resources = ["*"]
  }
}

resource "aws_iam_role_policy" "start" {
  for_each = local.services
  name     = "start"
  role     = aws_iam_role.start[each.key].id
  policy   = data.aws_iam_policy_document.start[each.key].json
}

# What a running task may do in AWS. With the vault's keys by HEALER_VAULT_KEYS they reach it at its start, so: nothing.
resource "aws_iam_role" "task" {
  for_each           = local.services
  name               = "importer-healer-${each.key}"
  assume_role_policy = data.aws_iam_policy_document.tasks.json
}

# The launcher starts, watches and stops tasks of one definition in one cluster, and hands them their own two roles, nobody else's.
data "aws_iam_policy_document" "launcher" {
  statement {
    sid       = "Start"
    actions   = ["ecs:RunTask"]
    resources = ["${aws_ecs_task_definition.all["run"].arn_without_revision}:*"]
    condition {
      test     = "ArnEquals"
      variable = "ecs:cluster"
      values   = [aws_ecs_cluster.main.arn]
    }
  }
  statement {
    sid       = "WatchAndStop"
    actions   = ["ecs:DescribeTasks", "ecs:StopTask"]
    resources = ["arn:aws:ecs:${var.region}:${data.aws_caller_identity.here.account_id}:task/${aws_ecs_cluster.main.name}/*"]
  }
  statement {
    sid       = "Name"
    actions   = ["ecs:TagResource"]
    resources = ["arn:aws:ecs:${var.region}:${data.aws_caller_identity.here.account_id}:task/${aws_ecs_cluster.main.name}/*"]
    condition {
      test     = "StringEquals"
      variable = "ecs:CreateAction"
      values   = ["RunTask"]
    }
  }
  statement {
    # ECS knows this action for everything only.
    sid       = "ReadTheDefinition"
    actions   = ["ecs:DescribeTaskDefinition"]
    resources = ["*"]
  }
  statement {
    sid       = "HandOver"
    actions   = ["iam:PassRole"]
    resources = [aws_iam_role.start["run"].arn, aws_iam_role.task["run"].arn]
    condition {
      test     = "StringEquals"
      variable = "iam:PassedToService"
      values   = ["ecs-tasks.amazonaws.com"]
    }
  }
  statement {
    sid       = "Hear"
    actions   = ["sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:GetQueueUrl", "sqs:ReceiveMessage"]
    resources = [aws_sqs_queue.tasks.arn]
  }
}

data "aws_iam_policy_document" "tasks_queue" {
  statement {
    actions   = ["sqs:SendMessage"]
    resources = [aws_sqs_queue.tasks.arn]
    principals {
      type        = "Service"
      identifiers = ["events.amazonaws.com"]
    }
    condition {
      test     = "ArnEquals"
      variable = "aws:SourceArn"
      values   = [aws_cloudwatch_event_rule.tasks.arn]
    }
  }
}

resource "aws_iam_role_policy" "launcher" {
  name   = "tasks"
  role   = aws_iam_role.task["launcher"].id
  policy = data.aws_iam_policy_document.launcher.json
}

data "aws_iam_policy_document" "services" {
  for_each = { machine = "ec2.amazonaws.com", snapshots = "dlm.amazonaws.com", flow_log = "vpc-flow-logs.amazonaws.com", monitoring = "monitoring.rds.amazonaws.com" }
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = [each.value]
    }
  }
}

resource "aws_iam_role" "ledger" {
  name               = "importer-healer-ledger"
  assume_role_policy = data.aws_iam_policy_document.services["machine"].json
}

data "aws_iam_policy_document" "ledger" {
  statement {
    actions   = ["ssm:GetParameter"]
    resources = ["arn:aws:ssm:${var.region}:${data.aws_caller_identity.here.account_id}:parameter/importer-healer/LEDGER_PASSWORD"]
  }
  statement {
    actions   = ["kms:Decrypt"]
    resources = [aws_kms_key.main.arn]
  }
}

resource "aws_iam_role_policy" "ledger" {
  name   = "password"
  role   = aws_iam_role.ledger.id
  policy = data.aws_iam_policy_document.ledger.json
}

resource "aws_iam_instance_profile" "ledger" {
  name = "importer-healer-ledger"
  role = aws_iam_role.ledger.name
}

resource "aws_iam_role" "snapshots" {
  name               = "importer-healer-snapshots"
  assume_role_policy = data.aws_iam_policy_document.services["snapshots"].json
}

resource "aws_iam_role_policy_attachment" "snapshots" {
  role       = aws_iam_role.snapshots.name
  policy_arn = "arn:aws:iam::aws:policy/service-role/AWSDataLifecycleManagerServiceRole"
}

resource "aws_iam_role" "monitoring" {
  name               = "importer-healer-monitoring"
  assume_role_policy = data.aws_iam_policy_document.services["monitoring"].json
}

resource "aws_iam_role_policy_attachment" "monitoring" {
  role       = aws_iam_role.monitoring.name
  policy_arn = "arn:aws:iam::aws:policy/service-role/AmazonRDSEnhancedMonitoringRole"
}

resource "aws_iam_role" "flow_log" {
  name               = "importer-healer-flow-log"
  assume_role_policy = data.aws_iam_policy_document.services["flow_log"].json
}

data "aws_iam_policy_document" "flow_log" {
  statement {
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams"]
    resources = ["${aws_cloudwatch_log_group.all["network"].arn}:*"]
  }
}

resource "aws_iam_role_policy" "flow_log" {
  name   = "write"
  role   = aws_iam_role.flow_log.id
  policy = data.aws_iam_policy_document.flow_log.json
}
