import type { ServerResponse } from 'node:http';

/** The method of Node that puts the head together, after every middleware has had its turn. */
type Inner = ServerResponse & { _storeHeader?: (...args: unknown[]) => unknown };

/**
 * Takes the shared lifetime away if middleware above sets a cookie while the head is being written, as sessions do: several
 * caches store the cookie, and give it to every visitor. `makePrivate` changes the fields.
 *
 * Returns whether it can; else the answer must not be shared.
 */
export function guardCookies(res: ServerResponse, makePrivate: () => void): boolean {
  const inner = res as Inner;
  const { _storeHeader: store } = inner;
  if (typeof store !== 'function') return false;
  inner._storeHeader = (...args) => {
    if (res.hasHeader('set-cookie')) makePrivate();
    return Reflect.apply(store, res, args);
  };
  return true;
}
