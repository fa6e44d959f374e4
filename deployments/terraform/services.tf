# Gateway, Prefect server and workers as services of one cluster. Fargate: a task is an agent's isolation.
locals {
  inside = {
    HEALER_PREFECT_API_URL = "http://prefect.importer-healer.internal:4200/api"
    PREFECT_API_URL        = "http://prefect.importer-healer.internal:4200/api"
  }
  messages = "rediss://${aws_elasticache_replication_group.messages.primary_endpoint_address}:6379"
  tasks = {
    gateway = {
      image       = var.gateway_image, cpu = 512, memory = 1024, port = 8000, count = 2
      command     = null
      check       = "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/livez', timeout=2)"
      environment = merge(var.settings, local.inside)
    }
    prefect = {
      image   = var.worker_image, cpu = 1024, memory = 2048, port = 4200, count = 1
      command = ["healer-prefect-server", "--host", "0.0.0.0", "--port", "4200"]
      check   = "import urllib.request as r; r.urlopen('http://127.0.0.1:4200/api/ready', timeout=4)"
      environment = {
        PREFECT_MESSAGING_BROKER                     = "prefect_redis.messaging"
        PREFECT_MESSAGING_CACHE                      = "prefect_redis.messaging"
        PREFECT_REDIS_MESSAGING_URL                  = "${local.messages}/0"
        PREFECT_REDIS_MESSAGING_PUBLISHER_BATCH_SIZE = "1"
        PREFECT_REDIS_WORKER_CLEANUP_QUEUE_URL       = "${local.messages}/0"
        PREFECT_SERVER_EVENTS_CAUSAL_ORDERING        = "prefect_redis.ordering"
        PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE     = "prefect_redis.lease_storage"
        PREFECT_SERVER_DOCKET_URL                    = "${local.messages}/1"
      }
    }
    # All flows but those of agents.
    worker = {
      image       = var.worker_image, cpu = 1024, memory = 2048, port = null, count = 2
      command     = null
      check       = local.reaches_prefect
      environment = merge(var.settings, local.inside, local.apart)
    }
    # Starts a task of `run` for each run of heal and publish.
    launcher = {
      image   = var.worker_image, cpu = 512, memory = 1024, port = null, count = 1
      command = ["prefect", "worker", "start", "--pool", local.apart.HEALER_TASK_POOL, "--type", "ecs", "--with-healthcheck", "--install-policy", "never"]
      check   = "import urllib.request as r; r.urlopen('http://127.0.0.1:8080/health', timeout=4)"
      environment = {
        PREFECT_API_URL                                      = local.inside.PREFECT_API_URL
        PREFECT_WORKER_QUERY_SECONDS                         = "2"
        PREFECT_INTEGRATIONS_AWS_ECS_OBSERVER_SQS_QUEUE_NAME = aws_sqs_queue.tasks.name
        AWS_DEFAULT_REGION                                   = var.region
      }
    }
    # No service: one task an agent's run, which is its isolation, and ends with it.
    run = {
      image       = var.worker_image, cpu = 2048, memory = 4096, port = null, count = 0
      command     = ["prefect", "flow-run", "execute"]
      check       = local.reaches_prefect
      environment = merge(var.settings, local.inside, { HEALER_AGENT_REQUIRE_ISOLATION = "false" })
    }
  }
  reaches_prefect = "import os, urllib.request as r; r.urlopen(os.environ['PREFECT_API_URL'] + '/ready', timeout=4)"
  apart           = { HEALER_TASK_POOL = "healer-tasks" }
  # The variable by which a program is told, where it is not the parameter's own name.
  told = { PREFECT_DATABASE = "PREFECT_API_DATABASE_CONNECTION_URL" }
  group = {
    gateway  = aws_security_group.gateway.id
    prefect  = aws_security_group.prefect.id
    worker   = aws_security_group.worker.id
    launcher = aws_security_group.launcher.id
    run      = aws_security_group.worker.id
  }
}

resource "aws_ecs_cluster" "main" {
  name = "importer-healer"
  setting {
    name  = "containerInsights"
    value = "enabled"
  }
}

resource "aws_ecs_task_definition" "all" {
  for_each                 = local.tasks
  family                   = "importer-healer-${each.key}"
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = each.value.cpu
  memory                   = each.value.memory
  execution_role_arn       = aws_iam_role.start[each.key].arn
  task_role_arn            = aws_iam_role.task[each.key].arn
  runtime_platform {
    operating_system_family = "LINUX"
    cpu_architecture        = "X86_64"
  }
  # The only places where a container may write; they go with the task.
  dynamic "volume" {
    for_each = toset(["tmp", "state", "work"])
    content {
      name = volume.key
    }
  }
  container_definitions = jsonencode([{
    name                   = each.key
    image                  = each.value.image
    command                = each.value.command
    essential              = true
    user                   = "10001:10001"
    readonlyRootFilesystem = true
    stopTimeout            = 60
    linuxParameters        = { initProcessEnabled = true, capabilities = { drop = ["ALL"] } }
    portMappings           = each.value.port == null ? [] : [{ containerPort = each.value.port, protocol = "tcp" }]
    mountPoints = [
      { sourceVolume = "tmp", containerPath = "/tmp", readOnly = false },
      { sourceVolume = "state", containerPath = "/var/lib/prefect", readOnly = false },
      { sourceVolume = "work", containerPath = "/var/lib/importer-healer", readOnly = false },
    ]
    environment = [for name, value in each.value.environment : { name = name, value = value }]
    secrets     = [for name in local.services[each.key].reads : { name = lookup(local.told, name, name), valueFrom = local.parameter[name] }]
    healthCheck = { command = ["CMD", "python3", "-c", each.value.check], interval = 15, timeout = 5, retries = 4, startPeriod = 60 }
    logConfiguration = {
      logDriver = "awslogs"
      options   = { awslogs-group = aws_cloudwatch_log_group.all[each.key].name, awslogs-region = var.region, awslogs-stream-prefix = each.key }
    }
  }])
}

resource "aws_service_discovery_private_dns_namespace" "inside" {
  name = "services.importer-healer.internal"
  vpc  = aws_vpc.main.id
}

resource "aws_service_discovery_service" "prefect" {
  name = "prefect"
  dns_config {
    namespace_id = aws_service_discovery_private_dns_namespace.inside.id
    dns_records {
      type = "A"
      ttl  = 10
    }
  }
}

resource "aws_route53_record" "prefect" {
  zone_id = aws_route53_zone.inside.zone_id
  name    = "prefect"
  type    = "CNAME"
  ttl     = 30
  records = ["prefect.services.importer-healer.internal"]
}

# What became of the launcher's tasks, so that a run whose task died is marked as crashed.
resource "aws_sqs_queue" "tasks" {
  name                      = "importer-healer-tasks"
  message_retention_seconds = 604800
  sqs_managed_sse_enabled   = true
}

resource "aws_cloudwatch_event_rule" "tasks" {
  name        = "importer-healer-tasks"
  description = "Tasks of our cluster that change their state."
  event_pattern = jsonencode({
    source      = ["aws.ecs"]
    detail-type = ["ECS Task State Change"]
    detail      = { clusterArn = [aws_ecs_cluster.main.arn] }
  })
}

resource "aws_cloudwatch_event_target" "tasks" {
  rule = aws_cloudwatch_event_rule.tasks.name
  arn  = aws_sqs_queue.tasks.arn
}

resource "aws_sqs_queue_policy" "tasks" {
  queue_url = aws_sqs_queue.tasks.id
  policy    = data.aws_iam_policy_document.tasks_queue.json
}

resource "aws_ecs_service" "all" {
  for_each               = { for name, task in local.tasks : name => task if task.count > 0 }
  name                   = each.key
  cluster                = aws_ecs_cluster.main.id
  task_definition        = aws_ecs_task_definition.all[each.key].arn
  desired_count          = each.value.count
  launch_type            = "FARGATE"
  platform_version       = "LATEST"
  enable_execute_command = false
  propagate_tags         = "SERVICE"
  deployment_circuit_breaker {
    enable   = true
    rollback = true
  }
  network_configuration {
    subnets          = [for subnet in aws_subnet.private : subnet.id]
    security_groups  = [local.group[each.key]]
    assign_public_ip = false
  }
  dynamic "load_balancer" {
    for_each = each.key == "gateway" ? [aws_lb_target_group.gateway.arn] : []
    content {
      target_group_arn = load_balancer.value
      container_name   = "gateway"
      container_port   = 8000
    }
  }
  dynamic "service_registries" {
    for_each = each.key == "prefect" ? [aws_service_discovery_service.prefect.arn] : []
    content {
      registry_arn = service_registries.value
    }
  }
}

resource "aws_lb" "gateway" {
  # checkov:skip=CKV2_AWS_28:Every caller signs what it sends, bodies and rates are bounded in the gateway; a WAF may be put in front.
  name                       = "importer-healer"
  load_balancer_type         = "application"
  internal                   = false
  security_groups            = [aws_security_group.alb.id]
  subnets                    = [for subnet in aws_subnet.public : subnet.id]
  drop_invalid_header_fields = true
  enable_deletion_protection = true
  idle_timeout               = 30
  access_logs {
    bucket  = var.access_log_bucket
    enabled = true
  }
}

resource "aws_lb_target_group" "gateway" {
  name                 = "importer-healer-gateway"
  vpc_id               = aws_vpc.main.id
  target_type          = "ip"
  protocol             = "HTTP"
  port                 = 8000
  deregistration_delay = 20
  health_check {
    path    = "/readyz"
    matcher = "200"
  }
}

resource "aws_lb_listener" "https" {
  load_balancer_arn = aws_lb.gateway.arn
  port              = 443
  protocol          = "HTTPS"
  ssl_policy        = "ELBSecurityPolicy-TLS13-1-2-2021-06"
  certificate_arn   = var.certificate_arn
  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.gateway.arn
  }
}
