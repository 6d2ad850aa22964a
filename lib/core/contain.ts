/**
 * Runs code that is not ours: what it throws, or rejects with, is given to `report`, which must not throw.
 */
export function contain(act: () => unknown, report: (error: unknown) => void): void {
  try {
    const returned = act();
    // Not only a Promise of this realm and library can reject.
    if (isThenable(returned)) Promise.resolve(returned).catch(report);
  } catch (error) {
    report(error);
  }
}

function isThenable(value: unknown): boolean {
  const isObject = typeof value === 'object' || typeof value === 'function';
  return isObject && typeof (value as PromiseLike<unknown> | null)?.then === 'function';
}
