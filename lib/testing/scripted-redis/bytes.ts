import type { Reply } from './reply.js';

/** An argument that a client sends: a text, or the bytes of one. */
export type Argument = string | Uint8Array;

const BEYOND_ASCII = /[\u0080-\uffff]/;

/** The byte string of an argument. We do not call `toString()` of a buffer, because it may be overridden. */
export function toBytes(argument: Argument): string {
  if (typeof argument !== 'string') {
    const { buffer, byteOffset, byteLength } = argument;
    return Buffer.from(buffer, byteOffset, byteLength).toString('latin1');
  }
  return BEYOND_ASCII.test(argument) ? Buffer.from(argument).toString('latin1') : argument;
}

export function toText(bytes: string): string {
  return BEYOND_ASCII.test(bytes) ? Buffer.from(bytes, 'latin1').toString() : bytes;
}

/** The same reply as node-redis gives it: with texts instead of byte strings. */
export function replyToText(reply: Reply): Reply {
  if (typeof reply === 'string') return toText(reply);
  if (typeof reply !== 'object' || reply === null) return reply;
  if (Array.isArray(reply)) return reply.map(replyToText);
  return Object.fromEntries(
    Object.entries(reply).map(([field, value]) => [field, replyToText(value)]),
  );
}
