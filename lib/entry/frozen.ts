import { decodeValue, plainJsonOf } from './codec.js';

/** A place for the object that all callers of one entry share. */
export interface SharedPlace {
  shared?: unknown;
}

/**
 * The value in a text of `encodeValue`, frozen to its depth. If there is a place, all callers with that place get one
 * object. A value that JSON alone cannot hold (`Date`, `Map`, `Set`, `Buffer` and the like) cannot be frozen: each caller gets a
 * copy of its own.
 *
 * @throws Error when the text is not one of `encodeValue`.
 */
export function frozenValue(text: string, offset: number, place?: SharedPlace): unknown {
  if (place?.shared !== undefined) return place.shared;
  if (plainJsonOf(text, offset) === undefined) return decodeValue(text, offset);
  const value = freezeDeep(decodeValue(text, offset));
  if (place !== undefined && typeof value === 'object' && value !== null) place.shared = value;
  return value;
}

/** JSON has no cycles, and the codec refuses what is nested too deep for a recursion. */
export function freezeDeep(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  for (const part of Object.values(value)) freezeDeep(part);
  return Object.freeze(value);
}
