import { HIDDEN } from '../../core/redact/hidden.js';
import { redact } from '../../core/redact/redact.js';
import { isSecretName } from '../../core/redact/secret-names.js';

/** Details larger than this, in bytes of JSON, are left out: probes read 4 to 10 KiB of a report. */
const MAX_DETAILS = 1_024;

/** Details as plain JSON without secrets, never so large or so strange that the report cannot be sent. */
export function safeDetails(details: Readonly<Record<string, unknown>>): Record<string, unknown> {
  try {
    const text = JSON.stringify(details, withoutSecrets);
    if (Buffer.byteLength(text) > MAX_DETAILS) return { details: 'left out: larger than 1 KiB' };
    return JSON.parse(text);
  } catch {
    return { details: 'left out: not serialisable' };
  }
}

function withoutSecrets(name: string, value: unknown): unknown {
  if (isSecretName(name)) return HIDDEN;
  if (typeof value === 'string') return redact(value);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  // A name can hold a secret too: pools by their addresses. It is judged before it is redacted.
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      redact(key),
      isSecretName(key) || (key === 'value' && isNamedSecret(value)) ? HIDDEN : inner,
    ]),
  );
}

/** `{ name: 'x-api-key', value: '…' }` */
function isNamedSecret({
  name,
  key,
}: {
  readonly name?: unknown;
  readonly key?: unknown;
}): boolean {
  return [name, key].some((text) => typeof text === 'string' && isSecretName(text));
}
