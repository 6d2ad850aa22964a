/** Runs code that is not ours. If it throws or rejects, `report` gets the error. `report` must not throw. */
export function contain(act: () => unknown, report: (error: unknown) => void): void {
  try {
    const returned = act();
    // A promise of another realm or library can reject as well.
    if (isThenable(returned)) Promise.resolve(returned).catch(report);
  } catch (error) {
    report(error);
  }
}

function isThenable(value: unknown): boolean {
  const isObject = typeof value === 'object' || typeof value === 'function';
  return isObject && typeof (value as PromiseLike<unknown> | null)?.then === 'function';
}
