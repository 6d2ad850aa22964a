import { types } from 'node:util';

/**
 * Whether a check has ended with `undefined` before it can have waited for anything: a function without
 * `return`, or an `async` one without `await`.
 */
export async function isIdle(returned: unknown): Promise<boolean> {
  if (returned === undefined) return true;
  if (!types.isPromise(returned)) return false;
  let isEnded = false;
  returned.then(
    (value) => {
      isEnded = value === undefined;
    },
    () => {},
  );
  // Of two reactions to settled promises, the earlier one runs first.
  await undefined;
  return isEnded;
}
