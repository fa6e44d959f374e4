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
