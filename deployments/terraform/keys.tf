# One key for everything at rest. Who may use it is said by the roles' policies.
resource "aws_kms_key" "main" {
  description             = "importer-healer: secrets, database, ledger, logs"
  enable_key_rotation     = true
  deletion_window_in_days = 30
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "TheAccountDecidesByItsPolicies"
        Effect    = "Allow"
        Principal = { AWS = "arn:aws:iam::${data.aws_caller_identity.here.account_id}:root" }
        Action    = ["kms:Create*", "kms:Describe*", "kms:Enable*", "kms:List*", "kms:Put*", "kms:Update*", "kms:Revoke*", "kms:Disable*", "kms:Get*", "kms:Delete*", "kms:TagResource", "kms:UntagResource", "kms:ScheduleKeyDeletion", "kms:CancelKeyDeletion", "kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey*", "kms:CreateGrant"]
        # In a key's own policy this is the key itself.
        Resource = "*"
      },
      {
        Sid       = "LogsMaySeal"
        Effect    = "Allow"
        Principal = { Service = "logs.${var.region}.amazonaws.com" }
        Action    = ["kms:Encrypt", "kms:Decrypt", "kms:GenerateDataKey*", "kms:Describe*"]
        Resource  = "*"
        Condition = { ArnLike = { "kms:EncryptionContext:aws:logs:arn" = "arn:aws:logs:${var.region}:${data.aws_caller_identity.here.account_id}:log-group:/importer-healer/*" } }
      },
    ]
  })
}

resource "aws_kms_alias" "main" {
  name          = "alias/importer-healer"
  target_key_id = aws_kms_key.main.key_id
}

locals {
  # Parameters are named, not made here; only their addresses are known.
  parameter = { for name in setunion(var.secrets, ["PREFECT_DATABASE", "HEALER_REDIS_URL"]) : name => "arn:aws:ssm:${var.region}:${data.aws_caller_identity.here.account_id}:parameter/importer-healer/${name}" }
}
