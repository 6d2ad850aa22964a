import type { Warnings } from '../../core/advice/warnings.js';
import { errorText } from '../../core/redact/redact.js';
import type { Clock, Timer } from '../../core/time/clock.js';
import type { HotKeys } from './hot-keys.js';
import { formatHotList, LIST_BYTES, LIST_LIFE_MS, parseHotList } from './hot-list-format.js';
import type { ListPlace } from './list-place.js';

const WRITE_EVERY_MS = 30_000;

/** A list is read no further than this, so that one that is too long is known as such. */
const READ_BYTES = LIST_BYTES + 8;

export interface KeeperParts {
  readonly clock: Clock;
  readonly warnings: Warnings;
  readonly hotKeys: HotKeys;
  readonly places: readonly ListPlace[];
  readonly maxKeys: number;
  readonly isKey: (text: unknown) => boolean;
}

/** Keeps the list of hot keys: joins what the places say into the counts, and writes it every 30 s if it changed. */
export class ListKeeper {
  readonly #parts: KeeperParts;
  #timer: Timer | undefined;
  #isClosed = false;

  constructor(parts: KeeperParts) {
    this.#parts = parts;
  }

  /** Begins to write. Does not keep the process alive. */
  start(): void {
    if (this.#isClosed) return;
    this.#timer = this.#parts.clock.setTimer(() => {
      void this.#write().then(() => this.start());
    }, WRITE_EVERY_MS);
  }

  close(): void {
    this.#isClosed = true;
    this.#timer?.cancel();
  }

  /** Joins the lists of all places that can be read. Never rejects. */
  async read(): Promise<void> {
    await Promise.all(this.#parts.places.map((place) => this.#absorb(place)));
  }

  async #absorb(place: ListPlace): Promise<void> {
    const { clock, hotKeys, maxKeys, isKey } = this.#parts;
    if (!place.isReachable) return;
    try {
      const text = await place.read(READ_BYTES);
      if (text === undefined) return;
      const nowMs = clock.wallNow();
      const list = parseHotList(text, { nowMs, maxKeys, isKey });
      if (typeof list === 'string') this.#warn(place, list);
      else hotKeys.absorb(list, nowMs);
    } catch (error) {
      this.#warn(place, errorText(error));
    }
  }

  async #write(): Promise<void> {
    const { clock, hotKeys } = this.#parts;
    if (!hotKeys.hasChanged) return;
    // Another process may have written since, and its keys stay on the list.
    await this.read();
    const text = formatHotList(hotKeys.list(clock.wallNow()));
    hotKeys.written();
    await Promise.all(
      this.#parts.places.map(async (place) => {
        if (!place.isReachable || this.#isClosed) return;
        try {
          await place.write(text, LIST_LIFE_MS);
        } catch (error) {
          this.#warn(place, errorText(error));
        }
      }),
    );
  }

  #warn({ name }: ListPlace, why: string): void {
    const text = `the list of hot keys in ${name} cannot be used: ${why}. Warming goes on without it.`;
    this.#parts.warnings.once('a-hot-list-that-cannot-be-used', text);
  }
}
