import type { WarmLoader } from '../../api/loading.js';
import type { Clock } from '../../core/time/clock.js';
import type { Store } from '../../tiers/store.js';
import type { BackgroundLoads } from '../background-loads.js';
import type { LoadConfig } from '../loading-options.js';
import type { WarmConfig } from './warm-options.js';

const AT_ONCE = 8;

/** How long one load may take. A caller that joins it waits no longer than this for it. */
const LONGEST_MS = 2_000;

/** All loads together end after this time. */
const ALL_MS = 60_000;

/** A loader that has failed this often is not called again in this round. */
const MOST_FAILURES = 8;

const PAUSE_MS = 25;

export interface WarmLoadParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly config: WarmConfig;
  readonly load: LoadConfig;
  readonly background: Pick<BackgroundLoads, 'warm' | 'hasRoom'>;
  /** A load has ended. `isLoaded`: its value was loaded here. */
  readonly onDone: (key: string, isLoaded: boolean) => void;
}

/** Loads missing hot keys by the loaders that `warm` names, below user traffic. */
export class WarmLoads {
  readonly #parts: WarmLoadParts;
  readonly #failures = new Map<WarmLoader, number>();
  #isClosed = false;

  constructor(parts: WarmLoadParts) {
    this.#parts = parts;
  }

  close(): void {
    this.#isClosed = true;
  }

  /** The keys that have a loader. */
  loadable(keys: readonly string[]): readonly string[] {
    return keys.filter((key) => this.#loaderOf(key) !== undefined);
  }

  /** Loads the keys in their order. Never rejects. */
  async run(keys: readonly string[]): Promise<void> {
    this.#failures.clear();
    const endAt = this.#parts.clock.now() + ALL_MS;
    const left = keys.values();
    const work = async (): Promise<void> => {
      for (const key of left) if (!(await this.#load(key, endAt))) return;
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
  }

  /** Returns `false` if the time is over. */
  async #load(key: string, endAt: number): Promise<boolean> {
    const { clock, background, onDone, store, load } = this.#parts;
    while (!background.hasRoom && !this.#isClosed && clock.now() < endAt) await this.#pause();
    if (this.#isClosed || clock.now() >= endAt) return false;
    const found = this.#loaderOf(key);
    if (found === undefined) return true;
    const [start, loader] = found;
    const run = { hasBegun: false, hasLoaded: false };
    await background.warm({
      key,
      loader: async (context) => {
        run.hasBegun = true;
        const value = await loader(key.slice(start.length), context);
        run.hasLoaded = true;
        return value;
      },
      store,
      config: { ...load, loaderTimeoutMs: Math.min(load.loaderTimeoutMs, LONGEST_MS) },
      signal: undefined,
    });
    if (run.hasBegun && !run.hasLoaded)
      this.#failures.set(loader, (this.#failures.get(loader) ?? 0) + 1);
    onDone(key, run.hasLoaded);
    return true;
  }

  #loaderOf(key: string): WarmConfig['loaders'][number] | undefined {
    const found = this.#parts.config.loaders.find(([start]) => key.startsWith(start));
    const failures = found === undefined ? 0 : (this.#failures.get(found[1]) ?? 0);
    return failures < MOST_FAILURES ? found : undefined;
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => {
      this.#parts.clock.setTimer(resolve, PAUSE_MS);
    });
  }
}
