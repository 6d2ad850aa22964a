import type { Cache, CacheEvents } from '../../lib/index.js';

const POLL_MS = 10;

/** Settles when the condition holds; fails with what was waited for. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  what: string,
  timeoutMs = 10_000,
): Promise<void> {
  const giveUpAt = performance.now() + timeoutMs;
  while (!(await condition())) {
    if (performance.now() > giveUpAt)
      throw new Error(`waited ${timeoutMs} ms in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/** The next event of a cache that fits. */
export function event<Name extends keyof CacheEvents>(
  cache: Pick<Cache, 'on'>,
  name: Name,
  fits: (event: CacheEvents[Name]) => boolean = () => true,
  timeoutMs = 10_000,
): Promise<CacheEvents[Name]> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      stop();
      reject(new Error(`waited ${timeoutMs} ms in vain for the event '${name}'`));
    }, timeoutMs);
    const stop = cache.on(name, (happened) => {
      if (!fits(happened)) return;
      clearTimeout(timer);
      stop();
      resolve(happened);
    });
  });
}

/**
 * Collects what nobody handled, until `stop()` returns it. A rejection counts when the turn in which it
 * happened is over.
 */
export function unhandled(): { readonly found: readonly unknown[]; stop(): unknown[] } {
  const found: unknown[] = [];
  const known = new Set<unknown>();
  const noteRejection = (reason: unknown, promise: unknown): void => {
    // Mocha says everything again to those who listen beside it.
    if (!known.has(promise)) found.push(reason);
    known.add(promise);
  };
  const noteException = (error: unknown): void => {
    found.push(error);
  };
  process.on('unhandledRejection', noteRejection);
  process.on('uncaughtException', noteException);
  const stop = (): unknown[] => {
    process.off('unhandledRejection', noteRejection);
    process.off('uncaughtException', noteException);
    return found;
  };
  return { found, stop };
}

/** The kinds of resources that keep the process busy, sorted. */
export function handles(): string[] {
  return process.getActiveResourcesInfo().sort();
}
