// A service check and metrics for Datadog, through the user's own DogStatsD client.

export {
  type DogStatsdClient,
  type ReportOptions,
  reportCache,
} from './exporters/push/report-cache.js';
