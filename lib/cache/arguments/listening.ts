import type { CacheEvents } from '../../api/events.js';
import { invalid, parseFunction } from '../../core/validate.js';

const EVENTS: readonly (keyof CacheEvents)[] = ['modechange', 'lookup', 'loaderror'];
const LISTENER = { name: 'the listener', code: 'ERR_CACHE_OPTION' } as const;
const EVENT = { name: 'the event', code: 'ERR_CACHE_OPTION' } as const;

/** Refuses what cannot be the arguments of `on`. */
export function checkListening(name: keyof CacheEvents, listener: unknown): void {
  parseFunction(LISTENER, listener);
  if (!EVENTS.includes(name)) throw invalid(EVENT, EVENTS.join(' or '), name);
}
