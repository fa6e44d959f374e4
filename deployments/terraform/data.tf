resource "aws_db_subnet_group" "main" {
  name       = "importer-healer"
  subnet_ids = [for subnet in aws_subnet.private : subnet.id]
}

# Prefect's database. Its password is made and kept by RDS; the connection is the parameter PREFECT_DATABASE.
resource "aws_db_instance" "prefect" {
  # checkov:skip=CKV2_AWS_30:Logged statements would hold the names of cases a second time, and nothing that Prefect does not show.
  identifier                          = "importer-healer-prefect"
  engine                              = "postgres"
  engine_version                      = "16"
  instance_class                      = "db.t4g.medium"
  allocated_storage                   = 50
  max_allocated_storage               = 200
  db_name                             = "prefect"
  username                            = "prefect"
  manage_master_user_password         = true
  master_user_secret_kms_key_id       = aws_kms_key.main.arn
  db_subnet_group_name                = aws_db_subnet_group.main.name
  vpc_security_group_ids              = [aws_security_group.database.id]
  storage_encrypted                   = true
  kms_key_id                          = aws_kms_key.main.arn
  multi_az                            = true
  publicly_accessible                 = false
  backup_retention_period             = 14
  copy_tags_to_snapshot               = true
  deletion_protection                 = true
  auto_minor_version_upgrade          = true
  iam_database_authentication_enabled = true
  monitoring_interval                 = 60
  monitoring_role_arn                 = aws_iam_role.monitoring.arn
  performance_insights_enabled        = true
  performance_insights_kms_key_id     = aws_kms_key.main.arn
  enabled_cloudwatch_logs_exports     = ["postgresql", "upgrade"]
  skip_final_snapshot                 = false
  final_snapshot_identifier           = "importer-healer-prefect-last"
}

# The case ledger: a Redis of our own on one machine with an encrypted disk, `appendonly yes`, `appendfsync always`, noeviction.
# Neither service of AWS does it: ElastiCache for Redis 7 keeps no append-only file, and MemoryDB is a cluster, which refuses
# scripts over keys of several slots (each write of a case is one). The disk outlives the machine; snapshots are made each hour.
data "aws_ssm_parameter" "machine_image" {
  name = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64"
}

resource "aws_ebs_volume" "ledger" {
  availability_zone = var.zones[0]
  size              = 20
  type              = "gp3"
  encrypted         = true
  kms_key_id        = aws_kms_key.main.arn
  tags              = { Name = "importer-healer-ledger", snapshots = "hourly" }
  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_instance" "ledger" {
  ami                         = data.aws_ssm_parameter.machine_image.value
  instance_type               = "t4g.medium"
  subnet_id                   = aws_subnet.private[var.zones[0]].id
  vpc_security_group_ids      = [aws_security_group.ledger.id]
  iam_instance_profile        = aws_iam_instance_profile.ledger.name
  associate_public_ip_address = false
  ebs_optimized               = true
  monitoring                  = true
  user_data_replace_on_change = true
  user_data                   = templatefile("${path.module}/ledger.sh", { region = var.region, parameter = "/importer-healer/LEDGER_PASSWORD" })
  metadata_options {
    http_tokens   = "required"
    http_endpoint = "enabled"
  }
  root_block_device {
    encrypted  = true
    kms_key_id = aws_kms_key.main.arn
  }
  lifecycle {
    ignore_changes = [ami]
  }
}

resource "aws_volume_attachment" "ledger" {
  device_name = "/dev/sdf"
  volume_id   = aws_ebs_volume.ledger.id
  instance_id = aws_instance.ledger.id
}

resource "aws_dlm_lifecycle_policy" "ledger" {
  description        = "Hourly snapshots of the ledger"
  execution_role_arn = aws_iam_role.snapshots.arn
  state              = "ENABLED"
  policy_details {
    resource_types = ["VOLUME"]
    target_tags    = { snapshots = "hourly" }
    schedule {
      name = "hourly"
      create_rule {
        interval      = 1
        interval_unit = "HOURS"
      }
      retain_rule {
        count = 168
      }
      copy_tags = true
    }
  }
}

resource "aws_route53_zone" "inside" {
  name = "importer-healer.internal"
  vpc {
    vpc_id = aws_vpc.main.id
  }
}

resource "aws_route53_record" "ledger" {
  zone_id = aws_route53_zone.inside.zone_id
  name    = "ledger"
  type    = "A"
  ttl     = 30
  records = [aws_instance.ledger.private_ip]
}

# Prefect's events on their way. What is lost here costs a look in the UI and no work.
resource "aws_elasticache_subnet_group" "main" {
  name       = "importer-healer"
  subnet_ids = [for subnet in aws_subnet.private : subnet.id]
}

resource "aws_elasticache_replication_group" "messages" {
  # checkov:skip=CKV_AWS_31:A token would lie in Terraform's state; the server's group alone reaches it, by TLS, and it holds events only.
  replication_group_id       = "importer-healer-messages"
  description                = "Prefect's messages"
  engine                     = "redis"
  engine_version             = "7.1"
  node_type                  = "cache.t4g.small"
  num_cache_clusters         = 2
  automatic_failover_enabled = true
  multi_az_enabled           = true
  parameter_group_name       = "default.redis7"
  subnet_group_name          = aws_elasticache_subnet_group.main.name
  security_group_ids         = [aws_security_group.messages.id]
  at_rest_encryption_enabled = true
  transit_encryption_enabled = true
  kms_key_id                 = aws_kms_key.main.arn
  snapshot_retention_limit   = 1
}
