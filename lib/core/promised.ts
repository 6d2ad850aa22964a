/**
 * Calls `begin` as an `async` function would: what it throws is a rejection. It makes no promise of its own, and
 * so costs a write less.
 */
export function promised<T>(begin: () => Promise<T>): Promise<T> {
  try {
    return begin();
  } catch (error) {
    return Promise.reject(error);
  }
}
