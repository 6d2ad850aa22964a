import { ErrorReply, type Reply } from '../../../lib/testing/scripted-redis/reply.js';
import type { Wire } from '../../../lib/testing/scripted-wire.js';

/**
 * CLIENT TRACKING with OPTIN: which connection is told of which key's next change. As in Redis, one message uses
 * the entry up, and a connection is told of its own changes, too.
 */
export class TrackingTable {
  readonly #readers = new Map<string, Set<Wire>>();
  readonly #isOn = new Set<Wire>();
  readonly #isNextTracked = new Set<Wire>();

  /** CLIENT TRACKING and CLIENT CACHING. */
  client([, what = '', how = '']: readonly string[], by: Wire): Reply | ErrorReply {
    const isYes = how.toUpperCase() === 'YES' || how.toUpperCase() === 'ON';
    if (what.toUpperCase() === 'TRACKING') this.#switch(by, isYes);
    else if (!this.#isOn.has(by))
      return new ErrorReply('ERR CLIENT CACHING can be called only when the client is in tracking');
    else if (isYes) this.#isNextTracked.add(by);
    return 'OK';
  }

  /** The keys whose changes somebody is to be told. */
  get keys(): readonly string[] {
    return [...this.#readers.keys()];
  }

  /** A command has read these keys. */
  read(keys: readonly string[], by: Wire): void {
    if (!this.#isNextTracked.delete(by)) return;
    for (const key of keys) {
      const readers = this.#readers.get(key) ?? new Set();
      this.#readers.set(key, readers.add(by));
    }
  }

  /** The key was changed, or the table is full. The message about an own change follows the reply to it. */
  tell(key: string): void {
    const readers = this.#readers.get(key) ?? [];
    this.#readers.delete(key);
    for (const wire of readers) queueMicrotask(() => wire.push(['invalidate', key]));
  }

  #switch(by: Wire, isOn: boolean): void {
    if (isOn) {
      this.#isOn.add(by);
      return;
    }
    this.#isOn.delete(by);
    for (const readers of this.#readers.values()) readers.delete(by);
  }
}
