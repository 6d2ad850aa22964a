// Finds Prometheus, promtool and Alertmanager, or installs them where the system's package manager may be used,
// without starting their services.
//
//   node scripts/prometheus.mjs     prints what it found or installed, or says what to type and fails
import { realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ensureCommand } from './system-package.mjs';

const PROMETHEUS = { apt: ['prometheus'], brew: ['prometheus'], service: 'prometheus' };

const ALERTMANAGER = {
  apt: ['prometheus-alertmanager'],
  brew: ['alertmanager'],
  service: 'prometheus-alertmanager',
};

/** The path of `promtool`, which checks metrics and rules. Throws an error that says what to type. */
export function ensurePromtool({ log = console.log } = {}) {
  return ensureCommand({ names: ['promtool'], ...PROMETHEUS, log });
}

/** The path of `prometheus`. Throws an error that says what to type. */
export function ensurePrometheus({ log = console.log } = {}) {
  return ensureCommand({ names: ['prometheus'], ...PROMETHEUS, log });
}

/** The path of the Alertmanager, which Debian names differently. Throws an error that says what to type. */
export function ensureAlertmanager({ log = console.log } = {}) {
  return ensureCommand({
    names: ['prometheus-alertmanager', 'alertmanager'],
    ...ALERTMANAGER,
    log,
  });
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  try {
    for (const ensure of [ensurePromtool, ensurePrometheus, ensureAlertmanager]) {
      console.log(`the tests use ${ensure()}`);
    }
  } catch (error) {
    console.error(error.message);
    process.exit(1);
  }
}
