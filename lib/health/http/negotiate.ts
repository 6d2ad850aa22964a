import { ietfWriter } from './writers/ietf-writer.js';
import { jsonWriter } from './writers/json-writer.js';
import { textWriter } from './writers/text-writer.js';
import type { Writer } from './writers/writer.js';

/** A Map, because a client may send the name of a property that every object has. */
const BY_TYPE: ReadonlyMap<string, Writer> = new Map([
  ['application/json', jsonWriter],
  ['application/health+json', ietfWriter],
  ['text/plain', textWriter],
]);

/** More of an Accept header is not read. */
const MAX_HEADER = 1_000;

/**
 * The writer of the form that a client asks for. In doubt it is JSON: a probe must not fail because of its
 * Accept header (RFC 9110, 12.5.1, without its 406).
 */
export function negotiate(accept: string | undefined): Writer {
  if (accept === undefined || accept === '*/*') return jsonWriter;
  let best = jsonWriter;
  let bestQuality = 0;
  for (const part of accept.slice(0, MAX_HEADER).split(',')) {
    const [type = '', ...parameters] = part.split(';');
    const writer = BY_TYPE.get(type.trim().toLowerCase());
    const quality = qualityOf(parameters);
    if (writer === undefined || quality <= bestQuality) continue;
    [best, bestQuality] = [writer, quality];
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
