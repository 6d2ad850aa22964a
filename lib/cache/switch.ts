import { invalid, parseBoolean } from '../core/validate.js';

/** The environment variable that switches every cache of the process off. */
const SWITCH = 'EXPRESS_CACHE_HEALTH';
const ON: readonly unknown[] = [undefined, '', 'on', 'true', '1'];
const OFF: readonly unknown[] = ['off', 'false', '0'];

const ENABLED = { name: 'enabled', code: 'ERR_CACHE_OPTION' } as const;

/**
 * Returns what switched the cache off. The environment variable comes first, because it works without a
 * deployment.
 */
export function parseSwitch(enabled: unknown): string | undefined {
  const isEnabled = enabled === undefined || parseBoolean(ENABLED, enabled);
  const text = process.env[SWITCH]?.trim().toLowerCase();
  if (OFF.includes(text)) return `${SWITCH}=${text}`;
  if (!ON.includes(text)) throw invalid({ ...ENABLED, name: SWITCH }, "'on' or 'off'", text);
  return isEnabled ? undefined : 'enabled: false';
}
