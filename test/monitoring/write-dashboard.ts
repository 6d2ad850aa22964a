// Writes monitoring/grafana-dashboard.json: node .build/test/monitoring/write-dashboard.js
import { writeFileSync } from 'node:fs';
import { buildDashboard } from './dashboard.js';

writeFileSync(
  'monitoring/grafana-dashboard.json',
  `${JSON.stringify(buildDashboard(), null, 2)}\n`,
);
