variable "region" {
  type        = string
  description = "AWS region."
}

variable "zones" {
  type        = list(string)
  description = "Two or three availability zones."
}

variable "cidr" {
  type        = string
  default     = "10.40.0.0/16"
  description = "Address range of the network of its own."
}

variable "gateway_image" {
  type        = string
  description = "The gateway's image, by digest: REPOSITORY@sha256:…"
  validation {
    condition     = can(regex("@sha256:[0-9a-f]{64}$", var.gateway_image))
    error_message = "Name the image by its digest."
  }
}

variable "worker_image" {
  type        = string
  description = "The worker's image, by digest: REPOSITORY@sha256:…"
  validation {
    condition     = can(regex("@sha256:[0-9a-f]{64}$", var.worker_image))
    error_message = "Name the image by its digest."
  }
}

variable "certificate_arn" {
  type        = string
  description = "ACM certificate of the gateway's public name."
}

variable "callers" {
  type        = list(string)
  description = "Address ranges that may reach the gateway: Workato, GitHub's hooks and runners. GitHub-hosted runners have no fixed ones; [\"0.0.0.0/0\"] then, every caller proves itself."
}

variable "operators" {
  type        = list(string)
  default     = []
  description = "Private address ranges of the people who run it, a VPN's or a peered network's: they reach Prefect's UI and, for the command healer, Prefect and the ledger."
  validation {
    condition     = alltrue([for range in var.operators : can(regex("^(10|172\\.(1[6-9]|2[0-9]|3[01])|192\\.168)\\.[0-9.]+/(1[2-9]|2[0-9]|3[0-2])$", range))])
    error_message = "Name private ranges of RFC 1918, at most /12: neither Prefect nor the ledger is for the world."
  }
}

variable "egress" {
  type        = list(string)
  description = "Address ranges that gateway and worker may reach by TLS: GitHub, JIRA, the agent's model."
}

variable "settings" {
  type        = map(string)
  description = "HEALER_… settings that are no secrets, for gateway and worker."
}

variable "secrets" {
  type        = set(string)
  default     = ["HEALER_GITHUB_APP_KEY", "HEALER_GITHUB_WEBHOOK_SECRET", "HEALER_JIRA_TOKEN", "HEALER_WORKATO_KEYS", "HEALER_VAULT_KEYS", "HEALER_RECEIPT_KEYS"]
  description = "Settings that are SecureString parameters below /importer-healer/. They are written by hand (`aws ssm put-parameter --type SecureString`), never by Terraform: its state would hold them."
}

variable "gateway_secrets" {
  type        = set(string)
  default     = ["HEALER_GITHUB_APP_KEY", "HEALER_GITHUB_WEBHOOK_SECRET", "HEALER_JIRA_TOKEN", "HEALER_WORKATO_KEYS", "HEALER_VAULT_KEYS"]
  description = "Those of them that the gateway is told."
}

variable "worker_secrets" {
  type        = set(string)
  default     = ["HEALER_GITHUB_APP_KEY", "HEALER_JIRA_TOKEN", "HEALER_VAULT_KEYS", "HEALER_RECEIPT_KEYS"]
  description = "Those of them that the worker is told."
}

variable "alarm_topic_arn" {
  type        = string
  description = "SNS topic that alarms go to."
}

variable "access_log_bucket" {
  type        = string
  description = "S3 bucket that the load balancer may write its access log to."
}

variable "log_days" {
  type        = number
  default     = 365
  description = "How long logs are kept."
}
