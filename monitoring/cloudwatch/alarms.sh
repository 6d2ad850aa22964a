#!/bin/sh
# Alarms on the metrics of emfLine(cache, { service }). Usage: sh alarms.sh pos-api arn:aws:sns:…
set -eu
service=$1
topic=$2

# CacheStatus is 1 (up) or 0 (degraded or down). Minimum: one instance of many is enough. breaching: a process that
# sends nothing is not well.
aws cloudwatch put-metric-alarm --alarm-name "$service-cache-not-up" --namespace POS/Cache --metric-name CacheStatus \
  --dimensions "Name=Service,Value=$service" --statistic Minimum --period 60 --evaluation-periods 3 --datapoints-to-alarm 2 \
  --threshold 1 --comparison-operator LessThanThreshold --treat-missing-data breaching --alarm-actions "$topic"

aws cloudwatch put-metric-alarm --alarm-name "$service-cache-hit-rate" --namespace POS/Cache --metric-name HitRate \
  --dimensions "Name=Service,Value=$service" --statistic Average --period 60 --evaluation-periods 10 --datapoints-to-alarm 10 \
  --threshold 60 --comparison-operator LessThanThreshold --treat-missing-data notBreaching --alarm-actions "$topic"

aws cloudwatch put-metric-alarm --alarm-name "$service-cache-errors" --namespace POS/Cache --metric-name Errors \
  --dimensions "Name=Service,Value=$service" --statistic Maximum --period 60 --evaluation-periods 2 --datapoints-to-alarm 2 \
  --threshold 10 --comparison-operator GreaterThanThreshold --treat-missing-data notBreaching --alarm-actions "$topic"
