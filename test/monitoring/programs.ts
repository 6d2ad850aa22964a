import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

type Script = typeof import('../../scripts/prometheus.mjs', { with: {
  'resolution-mode': 'import',
}});

let found: Promise<Script> | undefined;

/** Finds or installs Prometheus' programs, as `scripts/prometheus.mjs` does. */
export function prometheusPrograms(): Promise<Script> {
  found ??= import(pathToFileURL(resolve('scripts/prometheus.mjs')).href);
  return found;
}

/** Runs `promtool`. Everything that it said, and whether it was content. */
export async function promtool(
  args: readonly string[],
  input = '',
): Promise<{ readonly isContent: boolean; readonly said: string }> {
  const { ensurePromtool } = await prometheusPrograms();
  const { status, stdout, stderr } = spawnSync(ensurePromtool(), args, { input, encoding: 'utf8' });
  return { isContent: status === 0, said: `${stdout}${stderr}` };
}
