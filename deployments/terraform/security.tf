# Who may reach whom. A group opens nothing by itself; each rule below is one way.
resource "aws_security_group" "alb" {
  name        = "importer-healer-alb"
  description = "The load balancer in front of the gateway, the only thing that the world reaches."
  vpc_id      = aws_vpc.main.id
}

resource "aws_security_group" "gateway" {
  name        = "importer-healer-gateway"
  description = "The gateway."
  vpc_id      = aws_vpc.main.id
}

resource "aws_security_group" "prefect" {
  name        = "importer-healer-prefect"
  description = "The Prefect server."
  vpc_id      = aws_vpc.main.id
}

resource "aws_security_group" "worker" {
  name        = "importer-healer-worker"
  description = "Workers: flows, git, agents. Nobody reaches them."
  vpc_id      = aws_vpc.main.id
}

resource "aws_security_group" "launcher" {
  name        = "importer-healer-launcher"
  description = "Starts a task for each run of an agent. Nobody reaches it."
  vpc_id      = aws_vpc.main.id
}

resource "aws_security_group" "database" {
  name        = "importer-healer-database"
  description = "Prefect's Postgres."
  vpc_id      = aws_vpc.main.id
}

resource "aws_security_group" "ledger" {
  name        = "importer-healer-ledger"
  description = "The case ledger."
  vpc_id      = aws_vpc.main.id
}

resource "aws_security_group" "messages" {
  name        = "importer-healer-messages"
  description = "Prefect's messages."
  vpc_id      = aws_vpc.main.id
}

resource "aws_security_group" "endpoints" {
  name        = "importer-healer-endpoints"
  description = "AWS' own services, inside this network."
  vpc_id      = aws_vpc.main.id
}

resource "aws_vpc_security_group_ingress_rule" "world_to_alb" {
  for_each          = toset(var.callers)
  description       = "Callers to the load balancer."
  security_group_id = aws_security_group.alb.id
  cidr_ipv4         = each.key
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
}

# Prefect's API asks nobody for a name: whoever is let in here may start and see runs.
resource "aws_vpc_security_group_ingress_rule" "operators" {
  for_each          = local.operated
  description       = "Operators, from a private network."
  security_group_id = each.value.to
  cidr_ipv4         = each.value.from
  ip_protocol       = "tcp"
  from_port         = each.value.port
  to_port           = each.value.port
}

locals {
  operated = merge([for range in var.operators : {
    "prefect ${range}" = { from = range, to = aws_security_group.prefect.id, port = 4200 }
    "ledger ${range}"  = { from = range, to = aws_security_group.ledger.id, port = 6379 }
  }]...)
  ways = {
    alb_to_gateway        = { from = aws_security_group.alb.id, to = aws_security_group.gateway.id, port = 8000 }
    gateway_to_ledger     = { from = aws_security_group.gateway.id, to = aws_security_group.ledger.id, port = 6379 }
    gateway_to_prefect    = { from = aws_security_group.gateway.id, to = aws_security_group.prefect.id, port = 4200 }
    worker_to_ledger      = { from = aws_security_group.worker.id, to = aws_security_group.ledger.id, port = 6379 }
    worker_to_prefect     = { from = aws_security_group.worker.id, to = aws_security_group.prefect.id, port = 4200 }
    prefect_to_database   = { from = aws_security_group.prefect.id, to = aws_security_group.database.id, port = 5432 }
    prefect_to_messages   = { from = aws_security_group.prefect.id, to = aws_security_group.messages.id, port = 6379 }
    gateway_to_endpoints  = { from = aws_security_group.gateway.id, to = aws_security_group.endpoints.id, port = 443 }
    worker_to_endpoints   = { from = aws_security_group.worker.id, to = aws_security_group.endpoints.id, port = 443 }
    ledger_to_endpoints   = { from = aws_security_group.ledger.id, to = aws_security_group.endpoints.id, port = 443 }
    launcher_to_prefect   = { from = aws_security_group.launcher.id, to = aws_security_group.prefect.id, port = 4200 }
    launcher_to_endpoints = { from = aws_security_group.launcher.id, to = aws_security_group.endpoints.id, port = 443 }
    prefect_to_endpoints  = { from = aws_security_group.prefect.id, to = aws_security_group.endpoints.id, port = 443 }
  }
  out = {
    for pair in setproduct(["gateway", "worker"], var.egress) :
    "${pair[0]} ${pair[1]}" => {
      from = pair[0] == "gateway" ? aws_security_group.gateway.id : aws_security_group.worker.id
      to   = pair[1]
    }
  }
}

resource "aws_vpc_security_group_ingress_rule" "inside" {
  for_each                     = local.ways
  description                  = replace(each.key, "_", " ")
  security_group_id            = each.value.to
  referenced_security_group_id = each.value.from
  ip_protocol                  = "tcp"
  from_port                    = each.value.port
  to_port                      = each.value.port
}

resource "aws_vpc_security_group_egress_rule" "inside" {
  for_each                     = local.ways
  description                  = replace(each.key, "_", " ")
  security_group_id            = each.value.from
  referenced_security_group_id = each.value.to
  ip_protocol                  = "tcp"
  from_port                    = each.value.port
  to_port                      = each.value.port
}

# Images' layers and Amazon Linux' packages lie in S3, which is reached by its gateway endpoint.
resource "aws_vpc_security_group_egress_rule" "layers" {
  for_each          = { gateway = aws_security_group.gateway.id, worker = aws_security_group.worker.id, prefect = aws_security_group.prefect.id, launcher = aws_security_group.launcher.id, ledger = aws_security_group.ledger.id }
  description       = "${each.key} to S3"
  security_group_id = each.value
  prefix_list_id    = aws_vpc_endpoint.s3.prefix_list_id
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
}

# The allow-list: nothing else of the world is reached.
resource "aws_vpc_security_group_egress_rule" "out" {
  for_each          = local.out
  description       = "To GitHub, JIRA and the agent's model."
  security_group_id = each.value.from
  cidr_ipv4         = each.value.to
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
}
