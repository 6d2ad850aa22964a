import type { OutgoingHttpHeader, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { systemClock } from '../../core/time/clock.js';
import type { Fields } from '../rules/fields.js';

export type WriteArguments = readonly [chunk?: unknown, encoding?: unknown, callback?: unknown];
export type EndArguments = WriteArguments;

/** The arguments of `writeHead(status, [message], [headers])`. */
export function headArguments(args: readonly unknown[]): {
  readonly status: number;
  readonly headers: unknown;
} {
  const headers = typeof args[1] === 'string' ? args[2] : (args[1] ?? args[2]);
  return { status: Number(args[0]), headers };
}

/** The headers given to `writeHead`: an object, a flat list of names and values, or a list of pairs. */
export function givenHeaders(headers: unknown): Fields {
  const fields = new Map<string, OutgoingHttpHeader>();
  for (const [name, value] of pairsOf(headers)) {
    const key = name.toLowerCase();
    const before = fields.get(key);
    if (before === undefined) fields.set(key, value as OutgoingHttpHeader);
    else fields.set(key, [before, value].flat().map(String));
  }
  return fields;
}

function pairsOf(headers: unknown): readonly (readonly [string, unknown])[] {
  if (typeof headers !== 'object' || headers === null) return [];
  if (!Array.isArray(headers)) return Object.entries(headers as OutgoingHttpHeaders);
  if (Array.isArray(headers[0])) return headers as [string, unknown][];
  const pairs: [string, unknown][] = [];
  for (let i = 0; i + 1 < headers.length; i += 2) pairs.push([String(headers[i]), headers[i + 1]]);
  return pairs;
}

/** A copy of the chunk given to `write` or `end`: its owner may use the buffer again. */
export function bytesOf([chunk, encoding]: WriteArguments): Buffer | undefined {
  if (typeof chunk === 'string')
    return Buffer.from(chunk, typeof encoding === 'string' ? (encoding as BufferEncoding) : 'utf8');
  return chunk instanceof Uint8Array ? Buffer.from(chunk) : undefined;
}

/** Node has no other word for it. */
export function hasTrailers(res: ServerResponse): boolean {
  return Boolean((res as { readonly _trailer?: string })._trailer);
}

/** Tells the owner of a part that it was taken. */
export function callBack(args: readonly unknown[]): void {
  const callback = args.find((arg) => typeof arg === 'function');
  if (callback !== undefined) systemClock.endOfTurn(callback as () => void);
}
