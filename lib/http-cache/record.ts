import { isUtf8 } from 'node:buffer';
import { createHash } from 'node:crypto';
import type { OutgoingHttpHeader } from 'node:http';
import { RawText } from '../entry/raw-text.js';
import type { Ingredient } from './ingredients.js';
import type { NotStored } from './rules/not-stored.js';

/** How a run of a handler ended for the cache. */
export type FillOutcome =
  | {
      readonly kind: 'stored';
      readonly text: RawText;
      readonly ttlMs: number;
      readonly vary: readonly string[];
    }
  | { readonly kind: 'pass'; readonly reason: NotStored }
  /** The answer was an error, and nothing of it reached the client. */
  | { readonly kind: 'failed'; readonly status: number };

/** What is kept of an answer beside its body. */
export interface RecordHead {
  readonly status: number;
  readonly message: string;
  readonly headers: readonly (readonly [name: string, value: OutgoingHttpHeader])[];
  /** When it was made, in milliseconds since 1970 by the cache's time, and how old it was then, in seconds. */
  readonly madeAt: number;
  readonly ageS: number;
  readonly ttlMs: number;
  readonly mayBeStale: boolean;
  /** The cached values that it was made of; absent: none. */
  readonly madeOf?: readonly Ingredient[];
  /** Fields of middleware above that the handler has removed; absent: none. */
  readonly removed?: readonly string[];
  /** It is for visitors to whom middleware above gives nothing: its handler saw that there was nothing. */
  readonly withoutLocals?: boolean;
  /** The body is base64, because its bytes are no text. */
  readonly isBinary: boolean;
}

/** An answer as it is stored. */
export interface Stored {
  readonly kind: 'answer';
  readonly head: RecordHead;
  /** The stored text of the body, as it goes to the socket. */
  readonly body: string;
}

/** What is stored for a URL whose answers vary: the headers that they vary by. */
export interface Variants {
  readonly kind: 'variants';
  /** Part of the keys of the variants. A new one makes all earlier variants unreachable. */
  readonly id: string;
  readonly names: readonly string[];
}

export type Stock = Stored | Variants;

const VERSION = 1;

export function answerText(head: Omit<RecordHead, 'isBinary'>, body: Buffer): RawText {
  const isBinary = !isUtf8(body);
  const line = JSON.stringify({ v: VERSION, ...head, isBinary });
  return new RawText(`${line}\n${body.toString(isBinary ? 'base64' : 'utf8')}`);
}

export function variantsText({ id, names }: Variants): RawText {
  return new RawText(JSON.stringify({ v: VERSION, id, names }));
}

/** Reads the head alone. `undefined`: it is none of ours, or of another version. */
export function readStock(value: unknown): Stock | undefined {
  if (!(value instanceof RawText)) return undefined;
  const { text } = value;
  const end = text.indexOf('\n');
  try {
    const line: unknown = JSON.parse(end === -1 ? text : text.slice(0, end));
    if ((line as { v?: unknown }).v !== VERSION) return undefined;
    if (end === -1) return { ...(line as Variants), kind: 'variants' };
    return { kind: 'answer', head: line as RecordHead, body: text.slice(end + 1) };
  } catch {
    return undefined;
  }
}

/** The validator of an answer whose handler gave none: the same bytes have the same. */
export function etagOf(body: Buffer): string {
  return `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`;
}
