import type { HealthMetrics } from '../../api/metrics.js';
import { VERSION } from '../../core/diagnostics/version.js';
import { type Family, states } from './family.js';

const STATUSES = ['ok', 'degraded', 'error', 'shutting_down'];
const CHECK_STATUSES = ['up', 'degraded', 'down'];

/** The metrics of the health endpoints. */
export function healthFamilies({ status, checks }: HealthMetrics): readonly Family[] {
  return [
    {
      name: 'express_health_status',
      type: 'gauge',
      help: 'Whether the report has this status: 1 for the one that is true.',
      samples: states('status', STATUSES, status),
    },
    {
      name: 'express_health_check_status',
      type: 'gauge',
      help: 'Whether a check has this status: 1 for the one that is true.',
      samples: checks.flatMap((check) =>
        states('status', CHECK_STATUSES, check.status).map(({ labels, value }) => ({
          labels: { check: check.name, ...labels },
          value,
        })),
      ),
    },
    {
      name: 'express_health_check_duration_seconds',
      type: 'gauge',
      help: 'How long the last run of a check took.',
      samples: checks.flatMap(({ name, seconds }) =>
        seconds === undefined ? [] : [{ labels: { check: name }, value: seconds }],
      ),
    },
  ];
}

/** The metrics of the exporter itself. `errors`: how often the numbers of a cache could not be read. */
export function ownFamilies(errors: number): readonly Family[] {
  return [
    {
      name: 'express_cache_build_info',
      type: 'gauge',
      help: 'The version of the package; always 1.',
      samples: [{ labels: { version: VERSION }, value: 1 }],
    },
    {
      name: 'express_cache_collect_errors_total',
      type: 'counter',
      help: 'How often the numbers of a cache or of the health endpoints could not be read.',
      samples: [{ labels: {}, value: errors }],
    },
  ];
}
