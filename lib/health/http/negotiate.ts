/** The forms a report can take. */
export type Format = 'json' | 'health+json' | 'text';

/** A Map, because a client may send the name of a property that every object has. */
const BY_TYPE: ReadonlyMap<string, Format> = new Map([
  ['application/json', 'json'],
  ['application/health+json', 'health+json'],
  ['text/plain', 'text'],
]);

/**
 * The form that a client asks for, JSON in doubt: a probe must not fail over its Accept header
 * (RFC 9110, 12.5.1, without its 406).
 */
export function negotiate(accept: string | undefined): Format {
  if (accept === undefined || accept === '*/*') return 'json';
  let best: Format = 'json';
  let bestQuality = 0;
  for (const part of accept.slice(0, 1_000).split(',')) {
    const [type = '', ...parameters] = part.split(';');
    const format = BY_TYPE.get(type.trim().toLowerCase());
    const quality = qualityOf(parameters);
    if (format === undefined || quality <= bestQuality) continue;
    [best, bestQuality] = [format, quality];
  }
  return best;
}

function qualityOf(parameters: readonly string[]): number {
  for (const parameter of parameters) {
    const match = /^\s*q=([01](?:\.\d{0,3})?)\s*$/i.exec(parameter);
    if (match !== null) return Number(match[1]);
  }
  return 1;
}
