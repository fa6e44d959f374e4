resource "aws_cloudwatch_log_group" "all" {
  for_each          = toset(["gateway", "prefect", "worker", "launcher", "run", "network"])
  name              = "/importer-healer/${each.key}"
  retention_in_days = var.log_days
  kms_key_id        = aws_kms_key.main.arn
}

locals {
  alarms = {
    gateway_not_well  = { namespace = "AWS/ApplicationELB", metric = "UnHealthyHostCount", statistic = "Maximum", over = 0, dimensions = { LoadBalancer = aws_lb.gateway.arn_suffix, TargetGroup = aws_lb_target_group.gateway.arn_suffix } }
    gateway_fails     = { namespace = "AWS/ApplicationELB", metric = "HTTPCode_Target_5XX_Count", statistic = "Sum", over = 10, dimensions = { LoadBalancer = aws_lb.gateway.arn_suffix } }
    ledger_not_well   = { namespace = "AWS/EC2", metric = "StatusCheckFailed", statistic = "Maximum", over = 0, dimensions = { InstanceId = aws_instance.ledger.id } }
    database_is_busy  = { namespace = "AWS/RDS", metric = "CPUUtilization", statistic = "Average", over = 85, dimensions = { DBInstanceIdentifier = aws_db_instance.prefect.identifier } }
    worker_lacks_room = { namespace = "AWS/ECS", metric = "MemoryUtilization", statistic = "Maximum", over = 90, dimensions = { ClusterName = aws_ecs_cluster.main.name, ServiceName = "worker" } }
  }
}

resource "aws_cloudwatch_metric_alarm" "all" {
  for_each            = local.alarms
  alarm_name          = "importer-healer-${replace(each.key, "_", "-")}"
  namespace           = each.value.namespace
  metric_name         = each.value.metric
  statistic           = each.value.statistic
  dimensions          = each.value.dimensions
  comparison_operator = "GreaterThanThreshold"
  threshold           = each.value.over
  period              = 60
  evaluation_periods  = 3
  alarm_actions       = [var.alarm_topic_arn]
  ok_actions          = [var.alarm_topic_arn]
}
