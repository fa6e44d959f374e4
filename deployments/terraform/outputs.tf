output "gateway" {
  description = "What the gateway's public name must point to."
  value       = aws_lb.gateway.dns_name
}

output "ledger" {
  description = "The host of HEALER_REDIS_URL."
  value       = "ledger.importer-healer.internal"
}

output "database" {
  description = "The host of the parameter PREFECT_DATABASE; its password is in Secrets Manager, made by RDS."
  value       = aws_db_instance.prefect.address
}

output "network" {
  description = "What a VPN or a peering of the operators is attached to, and routed by."
  value       = { vpc = aws_vpc.main.id, routes = aws_route_table.private.id, zone = aws_route53_zone.inside.zone_id }
}

output "pool" {
  description = "The base job template of the work pool healer-tasks, for `healer deploy --template`."
  value = templatefile("${path.module}/pool.json", {
    cluster = aws_ecs_cluster.main.name
    family  = aws_ecs_task_definition.all["run"].family
    subnets = jsonencode([for subnet in aws_subnet.private : subnet.id])
    groups  = jsonencode([local.group["run"]])
  })
}
