import type { OutgoingHttpHeader, OutgoingHttpHeaders } from 'node:http';

/** Header fields by lower-case name. */
export type Fields = ReadonlyMap<string, OutgoingHttpHeader>;

export function fieldsOf(headers: OutgoingHttpHeaders): Fields {
  const fields = new Map<string, OutgoingHttpHeader>();
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) fields.set(name.toLowerCase(), value);
  }
  return fields;
}

/** The text of a field; the lines of one that was sent several times are joined. */
export function fieldText(fields: Fields, name: string): string | undefined {
  const value = fields.get(name);
  if (value === undefined) return undefined;
  return Array.isArray(value) ? value.join(', ') : String(value);
}

export function isSameField(a: OutgoingHttpHeader | undefined, b: OutgoingHttpHeader): boolean {
  if (!Array.isArray(a) || !Array.isArray(b)) return a !== undefined && String(a) === String(b);
  return a.length === b.length && a.every((line, i) => line === b[i]);
}

/** Fields between two hops (RFC 9111, 3.1), and those that are made for each answer. */
const NEVER_KEPT = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'proxy-authentication-info',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'set-cookie',
  'content-length',
  'age',
  'cache-status',
]);

/**
 * The fields to store with an answer: what its handler added. A field that was there before the handler is not
 * kept, because the middleware that added it adds it to every answer.
 */
export function keptFields(fields: Fields, before: Fields): [string, OutgoingHttpHeader][] {
  const named = new Set(
    (fieldText(fields, 'connection') ?? '').split(',').map((name) => name.trim().toLowerCase()),
  );
  return [...fields].filter(([name, value]) => {
    return !NEVER_KEPT.has(name) && !named.has(name) && !isSameField(before.get(name), value);
  });
}
