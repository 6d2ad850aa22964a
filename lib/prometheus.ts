// Metrics for Prometheus, by the optional peer prom-client.

export type { HealthMetrics } from './api/metrics.js';
export {
  type CollectOptions,
  collectCacheMetrics,
  type MetricRegistry,
} from './exporters/prometheus/collect-cache-metrics.js';
export {
  type MetricsRouterOptions,
  metricsRouter,
} from './exporters/prometheus/metrics-router.js';
export type { HealthMetricsSource, MetricsSource } from './exporters/sources.js';
